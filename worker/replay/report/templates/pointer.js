// Mouse, fingers and keyboard on the map.
const tip = byId("tip");
const TIP_CHARS = 280;
const pointers = new Map();
let moved = 0;

const pixelOf = (event) => {
  const box = plot.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

function showTip(row, px, py) {
  tip.hidden = row === null;
  if (row === null) return;
  const topic = data.topic[row];
  const text = data.text[row];
  tip.replaceChildren(element("span", text.length > TIP_CHARS ? `${text.slice(0, TIP_CHARS)}…` : text), element("small", topic < 0 ? "in no topic" : `topic ${topic}: ${nameOf(topic)}`));
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(px + 14, size.width - width - 4))}px`;
  tip.style.top = `${py + 18 + height > size.height ? Math.max(4, py - height - 12) : py + 18}px`;
}

function onMove(event) {
  const [px, py] = pixelOf(event);
  const before = pointers.get(event.pointerId);
  if (!before) {
    const label = labelAt(px, py);
    plot.style.cursor = label ? "pointer" : "";
    return showTip(label ? null : rowAt(px, py), px, py);
  }
  pointers.set(event.pointerId, [px, py]);
  moved += Math.abs(px - before[0]) + Math.abs(py - before[1]);
  tip.hidden = true;
  if (pointers.size === 1) {
    // One finger scrolls the page; two move the map.
    if (event.pointerType !== "touch" && moved > 4) moveBy(px - before[0], py - before[1]);
    return undefined;
  }
  const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
  const apart = (place) => Math.max(10, Math.hypot(place[0] - other[0], place[1] - other[1]));
  zoomAt(apart([px, py]) / apart(before), (px + other[0]) / 2, (py + other[1]) / 2);
  return moveBy((px - before[0]) / 2, (py - before[1]) / 2);
}

function onUp(event) {
  const wasClick = pointers.size === 1 && moved <= 6;
  pointers.delete(event.pointerId);
  if (!wasClick || event.type === "pointercancel") return;
  const [px, py] = pixelOf(event);
  const label = labelAt(px, py);
  if (label) return select({ topic: label.topic, part: label.part });
  const row = rowAt(px, py);
  return row === null ? select({}) : select({ topic: data.topic[row], row });
}

const KEYS = {
  ArrowLeft: () => moveBy(60, 0), ArrowRight: () => moveBy(-60, 0), ArrowUp: () => moveBy(0, 60), ArrowDown: () => moveBy(0, -60),
  "+": () => zoomMiddle(1.4), "=": () => zoomMiddle(1.4), "-": () => zoomMiddle(1 / 1.4), 0: () => change({ zoom: 1, x: 0.5, y: 0.5 }),
  Escape: () => select({}),
};
const zoomMiddle = (factor) => zoomAt(factor, size.width / 2, size.height / 2);

function listenToPointer() {
  plot.addEventListener("pointerdown", (event) => {
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, pixelOf(event));
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", onMove);
  plot.addEventListener("pointerup", onUp);
  plot.addEventListener("pointercancel", onUp);
  plot.addEventListener("pointerleave", () => { tip.hidden = true; });
  plot.addEventListener("dblclick", (event) => { event.preventDefault(); zoomAt(2, ...pixelOf(event)); });
  plot.addEventListener("wheel", (event) => {
    // Without Ctrl the wheel scrolls the page, as everywhere else.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY / 250), ...pixelOf(event));
  }, { passive: false });
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}
