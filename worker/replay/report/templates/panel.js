// The comments of what is selected: typical ones first, borderline ones last.
const panel = byId("panel");
const PAGE = 40;
let shownUpTo = PAGE;

/** Give the selected rows, in the order in which they are read. */
function selectedRows() {
  let rows;
  if (state.part !== null) {
    const own = new Set(data.parts[state.part].rows);
    rows = members.get(data.parts[state.part].topic).filter((row) => own.has(row));
  } else rows = state.topic !== null ? members.get(state.topic) : data.order.filter(isShown);
  return rows.filter(isLit);
}

const nameOf = (topic) => (topic < 0 ? "In no topic" : data.topics[topic].label);

function updatePanel() {
  panel.hidden = state.topic === null && state.row === null && !matches;
  panel.replaceChildren();
  byId("said").textContent = "";
  if (panel.hidden) return;
  let rows = selectedRows();
  const title = element("h3", state.part !== null ? data.parts[state.part].keywords.join(", ") || "A part without words of its own" : state.topic !== null ? nameOf(state.topic) : "All topics");
  title.tabIndex = -1;
  const close = element("button", "Close");
  close.type = "button";
  close.addEventListener("click", () => { change({ topic: null, part: null, row: null, query: "" }); byId("query").value = ""; plot.focus(); });
  const order = state.topic === null ? "" : ", typical first, borderline last";
  panel.append(title, close, element("p", `${counted(rows.length, "comment")}${matches ? " found" : ""}${order}`, "quiet"));
  byId("said").textContent = `${title.textContent}: ${counted(rows.length, "comment")} listed beside the map`;
  if (state.topic !== null && state.topic >= 0) panel.append(partsOf(state.topic));
  const list = element("ol", "", "comments");
  if (state.row !== null) {
    rows = rows.filter((row) => row !== state.row);
    list.append(comment(state.row, true));
  }
  list.append(...rows.slice(0, shownUpTo).map((row) => comment(row, false)));
  panel.append(list);
  if (rows.length > shownUpTo) panel.append(moreButton(rows.length - shownUpTo));
}

function moreButton(left) {
  const more = element("button", `Show more (${left} left)`);
  more.type = "button";
  more.addEventListener("click", () => {
    const from = panel.querySelectorAll("li.comment").length;
    shownUpTo += PAGE;
    updatePanel();
    panel.querySelectorAll("li.comment button")[2 * from]?.focus();
  });
  return more;
}

/** List the parts that the selected topic or part has itself, and the way back. */
function partsOf(topic) {
  const list = element("p", "", "parts");
  const add = (text, part) => {
    const button = element("button", text);
    button.type = "button";
    button.addEventListener("click", () => { shownUpTo = PAGE; change({ topic, part, row: null }); });
    list.append(button, " ");
  };
  if (state.part !== null) add("← back", data.parts[state.part].parent < 0 ? null : data.parts[state.part].parent);
  for (const part of partsIn(topic, state.part ?? -1)) add(`${data.parts[part].keywords.join(", ") || "no words of its own"} (${data.parts[part].size})`, part);
  return list;
}

function comment(row, isChosen) {
  const item = element("li", "", isChosen ? "comment chosen" : "comment");
  const quote = element("blockquote");
  const topic = data.topic[row];
  highlight(quote, data.text[row], topic < 0 ? [] : data.topics[topic].keywords, state.query);
  const where = state.topic === null ? `${topic < 0 ? "in no topic" : `topic ${topic}: ${nameOf(topic)}`} · ` : "";
  const small = element("small", where);
  small.append(element("code", data.id[row]), " ", copyButton("copy id", data.id[row]), " ", copyButton("copy --explain", explainCommand(row)));
  item.append(quote, small);
  return item;
}

const quoted = (word) => (/^[\w./:@%+=,-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function explainCommand(row) {
  const source = data.source.startsWith("job ") ? ["--job", data.source.slice(4)] : [data.source === "stdin" ? "-" : data.source];
  // An id that begins with a dash would be read as a flag.
  // With other parameters the comment may be in another topic.
  const settings = data.settings.map((setting) => `--set ${quoted(setting)}`);
  return ["python -m worker --once", ...source.map(quoted), ...settings, quoted(`--explain=${data.id[row]}`)].join(" ");
}

function copyButton(name, text) {
  const button = element("button", name);
  button.type = "button";
  button.title = text;
  button.addEventListener("click", async () => {
    await copied(text);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = name; }, 1500);
  });
  return button;
}

async function copied(text) {
  try { await navigator.clipboard.writeText(text); } catch {
    // A page from a file may have no clipboard: then as browsers did it before.
    const area = element("textarea", text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** Select a topic, a part or a comment, and show its comments from the first. */
function select(choice, { focus = false } = {}) {
  shownUpTo = PAGE;
  change({ topic: null, part: null, row: null, ...choice });
  panel.scrollTop = 0;
  if (focus) panel.querySelector("h3")?.focus({ preventScroll: true });
}
