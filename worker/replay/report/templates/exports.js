// What can be saved from the page: the map as a picture, topics and comments as tables.
function save(name, blob) {
  const link = element("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function saveSvg() {
  const painter = new SvgPainter(size.width, size.height, style("--paper"));
  paint(painter);
  save("map.svg", new Blob([painter.text()], { type: "image/svg+xml" }));
}

function savePng() {
  plot.toBlob((blob) => { if (blob) save("map.png", blob); }, "image/png");
}

/** Write one cell; a spreadsheet would run one that begins like a formula, so that gets an apostrophe. */
function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/u.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// With the mark that tells Excel that the bytes are UTF-8.
const table = (rows) => new Blob(["\ufeff", ...rows.map((row) => `${row.map(cell).join(",")}\r\n`)], { type: "text/csv" });

function saveTopics() {
  const rows = data.topics.map((topic, index) => [index, topic.label, topic.size, (topic.size / N).toFixed(4), topic.good ? "good" : "doubtful", topic.keywords.join("; ")]);
  save("topics.csv", table([["topic", "label", "comments", "share", "verdict", "keywords"], ...rows]));
}

function saveComments() {
  const rows = data.id.map((id, row) => [id, data.topic[row] < 0 ? "" : data.topic[row], nameOf(data.topic[row]), data.placed[row] ? "yes" : "no", data.text[row]]);
  save("comments.csv", table([["submissionId", "topic", "label", "placed", "text"], ...rows]));
}

/** One line for each topic and value of each facet: how long tables can be filtered and drawn by a spreadsheet. */
function saveFacets() {
  const rows = data.facets.flatMap(({ key, values, totals, counts }) => data.topics.flatMap((topic, index) => values.map((value, at) => (
    [key, value, totals[at], index, topic.label, counts[index][at], totals[at] ? (counts[index][at] / totals[at]).toFixed(4) : ""]
  ))));
  save("facets.csv", table([["facet", "value", "commentsOfValue", "topic", "label", "comments", "share"], ...rows]));
}
