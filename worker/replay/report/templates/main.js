// Put everything together: the buttons, the search box, changes of the window, printing.
byId("explorer").hidden = false;
buildLegend();
listenToPointer();
const clicks = {
  "zoom-in": () => zoomMiddle(1.6),
  "zoom-out": () => zoomMiddle(1 / 1.6),
  "zoom-reset": () => change({ zoom: 1, x: 0.5, y: 0.5 }),
  clear: () => { byId("query").value = ""; change({ query: "", topic: null, part: null, row: null, hidden: new Set(), zoom: 1, x: 0.5, y: 0.5 }); },
  "save-png": savePng,
  "save-svg": saveSvg,
  "save-topics": saveTopics,
  "save-comments": saveComments,
};
for (const [id, click] of Object.entries(clicks)) byId(id).addEventListener("click", click);
let typing = 0;
const search = () => { clearTimeout(typing); shownUpTo = PAGE; change({ query: byId("query").value.trim() }); };
byId("query").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 120); });
byId("query").addEventListener("change", search);
const CONTENT = ["query", "topic", "part", "row", "hidden"];
listeners.push((changes) => {
  if (CONTENT.some((name) => name in changes)) {
    updateLegend();
    updatePanel();
  }
  redraw();
});
window.addEventListener("hashchange", () => { recall(); byId("query").value = state.query; });
new ResizeObserver(redraw).observe(plot);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
// Print in light colors, and with all details unfolded.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((part) => { part.open = true; });
  document.documentElement.classList.add("paper");
  drawNow();
});
window.addEventListener("afterprint", () => { document.documentElement.classList.remove("paper"); drawNow(); });
recall();
byId("query").value = state.query;
updateLegend();
updatePanel();
redraw();
