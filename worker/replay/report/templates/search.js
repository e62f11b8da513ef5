// Search: every word of the query has to be in the comment or its id, whatever its case and its accents.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
let searched = null;

function matchesOf(query) {
  const words = plain(query).split(/\s+/u).filter(Boolean);
  if (!words.length) return null;
  searched ??= data.text.map((text, row) => `${plain(text)}\n${plain(data.id[row])}`);
  return searched.map((text) => words.every((word) => text.includes(word)));
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");

/** A pattern that finds these words, also with a short ending ("exam" in "exams"); null for no words. */
function patternOf(words, { whole }) {
  const parts = words.filter(Boolean).sort((a, b) => b.length - a.length).map(escaped);
  if (!parts.length) return null;
  return whole
    ? new RegExp(`(?<![\\p{L}\\p{N}])(?:${parts.join("|")})(?:e?s|'s|ed|ing|ly)?(?![\\p{L}\\p{N}])`, "giu")
    : new RegExp(parts.join("|"), "giu");
}

/** Put a text into an element: keywords in <b>, what was searched for in <mark>. */
function highlight(into, text, keywords, query) {
  const marks = [];
  for (const [pattern, tag] of [[patternOf(query.split(/\s+/u), { whole: false }), "mark"], [patternOf([...keywords], { whole: true }), "b"]]) {
    if (pattern) for (const found of text.matchAll(pattern)) marks.push([found.index, found.index + found[0].length, tag]);
  }
  marks.sort((a, b) => a[0] - b[0]);
  let at = 0;
  for (const [begin, end, tag] of marks) {
    if (begin < at) continue;
    into.append(text.slice(at, begin), element(tag, text.slice(begin, end)));
    at = end;
  }
  into.append(text.slice(at));
}
