// Made-up topics: comments that share words. The same comments give the same topics.
const MAX_KEYWORDS = 10;
const WORD = /\p{L}[\p{L}'’-]{3,39}/gu;
const STOP_WORDS = new Set(['that', 'this', 'they', 'them', 'with', 'have', 'from', 'were', 'when', 'very', 'also']);

/** The different words of a comment; none if its embedding is the zero vector. */
export type Words = ReadonlySet<string>;

/** A topic before it has a number; `members` are places in the batch, rising. */
export interface FoundTopic {
  keywords: string[];
  members: number[];
}

export function wordsOf(text: string): Words {
  const words = text.toLowerCase().match(WORD) ?? [];
  return new Set(words.filter((word) => !STOP_WORDS.has(word)));
}

/**
 * Finds topics among some comments of a batch, the largest first.
 *
 * @param comments of the whole batch.
 * @param places of the comments that are looked at.
 * @param fewest comments of a topic.
 * @param most topics.
 */
export function findTopics(comments: readonly Words[], places: readonly number[], fewest: number, most: number): FoundTopic[] {
  const half = places.length / 2;
  // A word that most comments have tells no topics apart; but it is better than none.
  const rare = [...countWords(comments, places)].filter(([, count]) => count <= half).map(([word]) => word);
  const found = cover(comments, places, new Set(rare), fewest, most);
  const topics = found.length > 0 ? found : cover(comments, places, undefined, fewest, most);
  return topics.sort((one, other) => other.members.length - one.members.length);
}

/** Gives the words that most of some comments have, the most frequent first. */
export function keywordsOf(comments: readonly Words[], places: readonly number[]): string[] {
  const ranked = [...countWords(comments, places)].sort(byCount);
  return ranked.slice(0, MAX_KEYWORDS).map(([word]) => word);
}

export function hits(comment: Words | undefined, keywords: readonly string[]): number {
  return keywords.filter((word) => comment?.has(word)).length;
}

/** Takes the most frequent word, and all comments that have it or that have two words of these; and so on. */
function cover(
  comments: readonly Words[],
  places: readonly number[],
  allowed: Words | undefined,
  fewest: number,
  most: number,
): FoundTopic[] {
  const topics: FoundTopic[] = [];
  let left = [...places];
  while (topics.length < most) {
    const counted = [...countWords(comments, left)].filter(([word]) => allowed?.has(word) ?? true);
    const [first] = counted.sort(byCount);
    if (first === undefined) break;
    const seeds = left.filter((place) => comments[place]?.has(first[0]));
    const words = [first[0], ...keywordsOf(comments, seeds).filter((word) => word !== first[0])].slice(0, MAX_KEYWORDS);
    const members = left.filter((place) => comments[place]?.has(first[0]) || hits(comments[place], words) > 1);
    if (members.length < fewest) break;
    topics.push({ keywords: words, members });
    const taken = new Set(members);
    left = left.filter((place) => !taken.has(place));
  }
  return topics;
}

function countWords(comments: readonly Words[], places: readonly number[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const place of places) {
    for (const word of comments[place] ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function byCount([one, few]: [string, number], [other, many]: [string, number]): number {
  return many - few || (one < other ? -1 : 1);
}
