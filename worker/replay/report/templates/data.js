// The comments, topics and parts that the page holds, and short ways to elements and colors.
const data = JSON.parse(document.getElementById("data").textContent);
const N = data.x.length;
const byId = (id) => document.getElementById(id);

/** Make an element with text; text is never read as HTML. */
function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colorOf = (topic) => style(topic < 0 ? "--outlier" : `--c${data.topics[topic].color}`);

// The rows of each topic, typical ones first; those of outliers under -1.
const members = new Map([[-1, []], ...data.topics.map((_, topic) => [topic, []])]);
for (const row of data.order) members.get(data.topic[row]).push(row);

// The parts in each topic or part; a map of 20,000 comments has a thousand.
const inside = new Map();
data.parts.forEach(({ topic, parent }, part) => {
  const key = `${topic} ${parent}`;
  inside.set(key, [...(inside.get(key) ?? []), part]);
});
const partsIn = (topic, parent) => inside.get(`${topic} ${parent}`) ?? [];

const divided = new Map();
/** Divide a topic into about so many parts; the answer is kept, since each move of the map asks again. */
function dividedInto(topic, most) {
  const key = `${topic} ${most}`;
  if (!divided.has(key)) divided.set(key, divide(topic, most));
  return divided.get(key);
}

/** The largest part that has parts itself is divided first. */
function divide(topic, most) {
  let parts = partsIn(topic, -1);
  const isWhole = new Set();
  while (parts.length < most) {
    const [largest] = parts.filter((part) => !isWhole.has(part)).sort((a, b) => data.parts[b].size - data.parts[a].size);
    if (largest === undefined) break;
    const below = partsIn(topic, largest);
    if (below.length) parts = parts.filter((part) => part !== largest).concat(below);
    else isWhole.add(largest);
  }
  return parts;
}

const extent = { width: Math.max(1, ...minMax(data.x)), height: Math.max(1, ...minMax(data.y)) };
function minMax(values) {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return [most];
}

/** Write "1 topic" or "2 topics". */
const counted = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
