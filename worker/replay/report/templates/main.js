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
  "save-facets": saveFacets,
};
for (const [id, click] of Object.entries(clicks)) byId(id)?.addEventListener("click", click);
let typing = 0;
const search = () => { clearTimeout(typing); shownUpTo = PAGE; change({ query: byId("query").value.trim() }); };
byId("query").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 120); });
byId("query").addEventListener("change", search);
const CONTENT = ["query", "topic", "part", "row", "hidden"];
listeners.push((changes) => {
  if (CONTENT.some((name) => name in changes)) {
    layers = null;
    updateLegend();
    updatePanel();
  }
  redraw();
});
window.addEventListener("hashchange", () => { recall(); byId("query").value = state.query; showAnchor(); });
new ResizeObserver(redraw).observe(plot);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
/** An anchor inside the folded analysis unfolds it; a link to a topic leads to the map. */
function showAnchor() {
  const target = location.hash.includes("=") ? byId("map") : document.getElementById(location.hash.slice(1));
  target?.closest("details")?.setAttribute("open", "");
  if (location.hash.length > 1) target?.scrollIntoView();
}
// Print in light colors. The analysis is printed if the reader has unfolded it, then with all its parts.
window.addEventListener("beforeprint", () => {
  if (byId("analysis").open) document.querySelectorAll("#analysis details").forEach((part) => { part.open = true; });
  document.documentElement.classList.add("paper");
  drawNow();
});
window.addEventListener("afterprint", () => { document.documentElement.classList.remove("paper"); drawNow(); });
recall();
byId("query").value = state.query;
showAnchor();
updateLegend();
updatePanel();
redraw();
