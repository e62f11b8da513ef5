// What the reader sees, kept in the fragment of the address, so that a link shows the same.
const state = { query: "", topic: null, part: null, row: null, hidden: new Set(), zoom: 1, x: 0.5, y: 0.5 };
const listeners = [];
let matches = null;

/** Change the state, write it to the address and tell everybody. */
function change(changes) {
  Object.assign(state, changes);
  if ("query" in changes) matches = matchesOf(state.query);
  remember();
  for (const listener of listeners) listener(changes);
}

const isShown = (row) => !state.hidden.has(data.topic[row]);
const isLit = (row) => !matches || matches[row];

function fragment() {
  const parts = new URLSearchParams();
  if (state.query) parts.set("q", state.query);
  if (state.topic !== null) parts.set("topic", state.topic);
  if (state.part !== null) parts.set("part", state.part);
  if (state.row !== null) parts.set("id", data.id[state.row]);
  if (state.hidden.size) parts.set("hide", [...state.hidden].sort((a, b) => a - b).join(","));
  if (state.zoom !== 1) parts.set("at", [state.x, state.y, state.zoom].map((value) => value.toFixed(3)).join(","));
  return parts.toString();
}

let written = "";
let pending = 0;
function remember() {
  clearTimeout(pending);
  // Browsers refuse more than a few changes of the address each second.
  pending = setTimeout(() => {
    const now = fragment();
    if (now === written) return;
    written = now;
    history.replaceState(null, "", now ? `#${now}` : location.pathname + location.search);
  }, 150);
}

const numberIn = (text, below, least = 0) => (/^-?\d+$/u.test(text ?? "") && Number(text) >= least && Number(text) < below ? Number(text) : null);

/** Read the fragment of the address; an anchor such as #topics is none of ours. */
function recall() {
  const text = location.hash.slice(1);
  if (!text.includes("=") || text === written) return;
  const parts = new URLSearchParams(text);
  const row = data.id.indexOf(parts.get("id") ?? "\u0000");
  const at = (parts.get("at") ?? "").split(",").map(Number);
  const isPlace = at.length === 3 && at.every(Number.isFinite);
  written = text;
  change({
    query: parts.get("q") ?? "",
    topic: numberIn(parts.get("topic"), data.topics.length, -1),
    part: numberIn(parts.get("part"), data.parts.length),
    row: row < 0 ? null : row,
    hidden: new Set((parts.get("hide") ?? "").split(",").map((one) => numberIn(one, data.topics.length, -1)).filter((one) => one !== null)),
    ...(isPlace ? { x: at[0], y: at[1], zoom: Math.min(MOST_ZOOM, Math.max(1, at[2])) } : { x: 0.5, y: 0.5, zoom: 1 }),
  });
}
