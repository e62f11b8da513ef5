"use strict";
// The map: one trace for each topic, in the page's colors, light or dark.
(() => {
  const points = JSON.parse(document.getElementById("points").textContent);
  const plot = document.getElementById("plot");
  const SHAPES = ["circle", "square", "diamond", "triangle-up", "cross"];
  const UUID_COLUMNS = 36;
  const narrow = window.matchMedia("(max-width: 45rem)");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Plotly interprets some tags in a hover text, so those of a comment are escaped.
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  const hoverColumns = () => (narrow.matches ? 32 : 60);

  function wrapped(text, columns) {
    const lines = [];
    let line = "";
    // A word that is longer than a line is broken: Plotly would cut it off at the edge of the window.
    const pieces = text.match(new RegExp(`\\S{1,${columns}}`, "gu")) ?? [];
    for (const word of pieces) {
      if (line && line.length + word.length >= columns) { lines.push(line); line = ""; }
      line = line ? `${line} ${word}` : word;
    }
    lines.push(line);
    return lines.map(escaped).join("<br>");
  }

  function hasWebGL() {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl") || canvas.getContext("experimental-webgl"));
  }

  // WebGL draws thousands of points faster; SVG prints sharper.
  const type = points.x.length > 2000 && hasWebGL() ? "scattergl" : "scatter";
  const size = points.x.length > 5000 ? 4 : points.x.length > 1500 ? 6 : 8;

  const rows = new Map([[-1, []]]);
  points.labels.forEach((_, topic) => rows.set(topic, []));
  points.topic.forEach((topic, row) => rows.get(topic).push(row));
  // Core members come first, since the legend takes its shape from the first point.
  rows.forEach((members) => members.sort((a, b) => points.placed[a] - points.placed[b] || a - b));

  function trace(topic) {
    const members = rows.get(topic);
    const outlier = topic < 0;
    const shape = outlier ? "circle" : SHAPES[Math.floor(topic / points.colors) % SHAPES.length];
    return {
      type, mode: "markers",
      name: outlier ? "outliers" : escaped(`${topic} ${points.labels[topic]}`),
      x: members.map((row) => points.x[row]),
      y: members.map((row) => points.y[row]),
      text: members.map((row) => wrapped(points.text[row], hoverColumns())),
      customdata: members.map((row) => wrapped(points.id[row], Math.max(hoverColumns(), UUID_COLUMNS))),
      hovertemplate: `%{text}<br><i>%{customdata}</i><extra>${outlier ? "outlier" : `topic ${topic}`}</extra>`,
      marker: {
        size: outlier ? size - 2 : size,
        symbol: members.map((row) => (points.placed[row] ? `${shape}-open` : shape)),
        color: outlier ? style("--outlier") : style(`--c${topic % points.colors}`),
        opacity: outlier ? 0.6 : 0.85,
      },
    };
  }

  const median = (values) => values.slice().sort((a, b) => a - b)[Math.floor(values.length / 2)];

  function labels() {
    return points.labels.map((_, topic) => {
      const members = rows.get(topic);
      return {
        x: median(members.map((row) => points.x[row])), y: median(members.map((row) => points.y[row])),
        text: `<b>${topic}</b>`, showarrow: false, borderpad: 2, captureevents: false,
        font: { size: 13, color: style("--ink") }, bgcolor: style("--paper"), opacity: 0.85,
        bordercolor: style(`--c${topic % points.colors}`), borderwidth: 1,
      };
    });
  }

  function layout() {
    const axis = { visible: false, fixedrange: false };
    return {
      paper_bgcolor: style("--paper"), plot_bgcolor: style("--paper"),
      font: { family: style("font-family") || "system-ui, sans-serif", color: style("--ink"), size: 12 },
      margin: { l: 0, r: 0, t: 32, b: 0 }, hovermode: "closest", dragmode: "zoom",
      xaxis: axis, yaxis: axis,
      hoverlabel: { align: "left", bgcolor: style("--soft"), bordercolor: style("--line"), font: { color: style("--ink"), size: 13 } },
      legend: narrow.matches ? { orientation: "h", y: -0.02, itemsizing: "constant" } : { itemsizing: "constant", y: 1 },
      annotations: labels(),
    };
  }

  const order = [-1, ...points.labels.keys()];
  const BUTTONS = [["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"], ["toImage"]];
  const options = { responsive: true, displaylogo: false, modeBarButtons: BUTTONS };
  const draw = () => Plotly.react(plot, order.map(trace), layout(), options);

  draw().then(() => { plot.dataset.drawn = type; });
  dark.addEventListener("change", draw);
  narrow.addEventListener("change", draw);
  // Print in light colors, and with all details unfolded.
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((part) => { part.open = true; });
    document.documentElement.classList.add("paper");
    draw();
  });
  window.addEventListener("afterprint", () => { document.documentElement.classList.remove("paper"); draw(); });
})();
