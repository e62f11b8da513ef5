import type {
  CompletedResult,
  FailedResult,
  Item,
  PredictedResult,
  SkippedResult,
  TopicModelRequest,
  TopicModelTuneRequest,
  TunedResult,
  UpdatedResult,
} from '../generated/contract';
import type { Kind, Kinds } from '../kinds';
import { version } from './version';
import { extended } from './aspects';
import { continued, type EarlierResult, notContinued } from './continuing';
import { flawOf, isZero, kindOf } from './envelopes';
import {
  assignmentsOf,
  countedTopics,
  driftOf,
  failedResult,
  metricsOf,
  nearest,
  now,
  numbered,
  type NumberedTopic,
  outlierCountOf,
  type Placed,
} from './placing';
import { type KeptModel, snapshotOf, Tenants } from './tenants';
import { named } from './labels';
import { findTopics, type Words, wordsOf } from './topics';
import { tuned } from './trials';

const FEWEST_ITEMS = 15;
const FEWEST_COMMENTS = 3;
const FEWEST_IN_MODEL = 10;
const MOST_TOPICS = 20;
const FEWEST_NEW = 10;
const ALL_ZERO = 'All embeddings are zero vectors';

type Params = TopicModelRequest['params'];
type Request = Kinds[Kind]['request'];
export type MockResult = Kinds[Kind]['result'];

/** A batch as the mock sees it: each comment's words, which are none if its embedding is the zero vector. */
interface Comments {
  ids: string[];
  comments: Words[];
  nKept: number;
}

/** Gives results that keep the contract, made of nothing but the words of the comments. */
export class MockEngine {
  private readonly tenants = new Tenants();

  /**
   * Answers a batch of any kind.
   *
   * @param data the job's data: an envelope, or anything else.
   * @param earlier what the job that `previous` names returned; undefined if it is not there.
   */
  answer(data: unknown, earlier?: unknown): MockResult {
    const flaw = flawOf(data);
    if (flaw !== undefined) return failedResult(flaw);
    const request = data as Request;
    return named(this.topicsOf(data, request, earlier), request.params);
  }

  private topicsOf(data: unknown, request: Request, earlier: unknown): MockResult {
    const batch = commentsOf(request.items);
    const few = tooFew(kindOf(data), batch, request.params);
    if (few !== undefined) return few;
    switch (request.type) {
      case 'topic-model.update':
        return this.update(batch, request.model.tenant, request.params);
      case 'topic-model.predict':
        return this.predict(batch, request.model.tenant, request.model.version);
      case 'topic-model.rebuild':
        return this.rebuild(batch, request.model.tenant, request.params);
      case 'topic-model.tune':
        return this.tune(batch, request.params);
      default:
        return this.fit(batch, request, earlier);
    }
  }

  private fit(batch: Comments, { previous, model, params }: TopicModelRequest, fetched?: unknown): CompletedResult | FailedResult {
    const sizes = { fewest: params?.min_topic_size ?? FEWEST_COMMENTS, most: params?.nr_topics ?? MOST_TOPICS };
    const earlier = typeof previous === 'string' ? fetched : previous;
    if (!isResult(earlier)) {
      const found = this.found(batch, params, model ? FEWEST_IN_MODEL : FEWEST_COMMENTS);
      if ('status' in found) return found;
      const result = extended(completed(found, model ? this.tenants.keep(model.tenant, found).model : undefined), params);
      if (previous === undefined || previous === null) return result;
      const topics = result.topics.map((topic) => ({ ...topic, since: result.completedAt }));
      return { ...result, topics, continuity: notContinued(found.topics) };
    }
    const name = typeof previous === 'string' ? previous : 'inline';
    const { since, continuity, ...found } = continued(batch.ids, batch.comments, earlier, name, sizes);
    const placed = { ...batch, ...found };
    if (placed.topics.length === 0) return noTopics(sizes.fewest, batch);
    const result = extended(completed(placed, model ? this.tenants.keep(model.tenant, placed).model : undefined), params);
    const topics = result.topics.map((topic) => ({ ...topic, since: since.get(topic.topicIndex) ?? result.completedAt }));
    return { ...result, topics, continuity };
  }

  private update(batch: Comments, tenant: string, params: Params): UpdatedResult | CompletedResult | FailedResult {
    const before = this.tenants.find(tenant);
    if (before === undefined) {
      return tooFewToFit(batch, params) ?? this.fit(batch, { items: [], model: { tenant }, params: params ?? null });
    }
    const labels = labelled(batch, before.topics);
    const left = [...labels.keys()].filter((place) => (labels[place] ?? -1) < 0);
    const most = Math.max(0, (params?.nr_topics ?? MOST_TOPICS) - before.topics.length);
    const born = findTopics(batch.comments, left, params?.min_topic_size ?? FEWEST_IN_MODEL, most);
    const news = born.map(({ keywords, members }, i) => {
      for (const place of members) labels[place] = before.next + i;
      return numbered(before.next + i, keywords);
    });
    const placed = { ...batch, labels, topics: [...before.topics, ...news] };
    return this.updated(placed, tenant, before, news);
  }

  private predict(batch: Comments, tenant: string, wanted?: string | null): PredictedResult | FailedResult {
    const known = this.tenants.find(tenant, wanted);
    if (known === undefined) return failedResult(this.missing(tenant, wanted));
    const topics = known.topics.map(({ topicIndex, rawLabel, keywords }) => ({ topicIndex, rawLabel, keywords }));
    const placed = { ...batch, labels: labelled(batch, topics), topics };
    return {
      version,
      status: 'completed',
      topics: countedTopics(placed).filter(({ docCount }) => docCount > 0),
      assignments: assignmentsOf(placed),
      outlierCount: outlierCountOf(placed),
      drift: driftOf(placed),
      model: { tenant, version: known.version },
      completedAt: now(),
    };
  }

  private rebuild(batch: Comments, tenant: string, params: Params): UpdatedResult | FailedResult {
    const before = this.tenants.find(tenant);
    if (before === undefined) return failedResult(this.missing(tenant));
    const found = this.found(batch, params, FEWEST_IN_MODEL);
    if ('status' in found) return found;
    const numbers = new Map<number, NumberedTopic>();
    let { next } = before;
    for (const topic of found.topics) {
      const match = before.topics.find(({ keywords }) => keywords[0] === topic.keywords[0]);
      numbers.set(topic.topicIndex, match ? numbered(match.topicIndex, topic.keywords, match.rawLabel) : numbered(next++, topic.keywords));
    }
    const labels = found.labels.map((label) => numbers.get(label)?.topicIndex ?? -1);
    const topics = [...numbers.values()];
    const born = topics.filter(({ topicIndex }) => topicIndex >= before.next);
    return this.updated({ ...batch, labels, topics }, tenant, { ...before, topics: [] }, born);
  }

  private tune(batch: Comments, params: TopicModelTuneRequest['params']): TunedResult | FailedResult {
    const result = tuned(params?.grid, (settings) => {
      const found = this.found(batch, { ...params, ...settings }, FEWEST_COMMENTS);
      return 'status' in found ? found.error : found;
    });
    return result ?? noTopics(params?.min_topic_size ?? FEWEST_COMMENTS, batch);
  }

  private updated(placed: Placed, tenant: string, before: KeptModel, born: readonly NumberedTopic[]): UpdatedResult {
    const { kept, model } = this.tenants.keep(tenant, placed, before);
    const totals = new Map(kept.topics.map(({ topicIndex, totalCount }) => [topicIndex, totalCount]));
    return {
      version,
      status: 'completed',
      topics: countedTopics(placed).map(({ topicIndex, rawLabel, keywords, docCount }) => {
        return { topicIndex, rawLabel, keywords, docCount, totalCount: totals.get(topicIndex) ?? docCount };
      }),
      assignments: assignmentsOf(placed),
      metrics: metricsOf(placed),
      outlierCount: outlierCountOf(placed),
      born: born.map(({ topicIndex }) => topicIndex),
      drift: driftOf(placed),
      snapshot: snapshotOf(kept),
      redirects: {},
      model,
      completedAt: now(),
    };
  }

  private found(batch: Comments, params: Params, byDefault: number): Placed | FailedResult {
    const fewest = params?.min_topic_size ?? byDefault;
    const places = [...batch.comments.keys()];
    const found = findTopics(batch.comments, places, fewest, params?.nr_topics ?? MOST_TOPICS);
    if (found.length === 0) return noTopics(fewest, batch);
    const labels = batch.ids.map(() => -1);
    for (const [label, { members }] of found.entries()) for (const place of members) labels[place] = label;
    return { ...batch, labels, topics: found.map(({ keywords }, label) => numbered(label, keywords)) };
  }

  private missing(tenant: string, wanted?: string | null): string {
    if (this.tenants.find(tenant) !== undefined) return `Tenant "${tenant}" has no version ${wanted} of its model`;
    return `Tenant "${tenant}" has no model yet: send a topic-model job with this tenant, or an update`;
  }
}

function commentsOf(items: readonly Item[]): Comments {
  const isKept = items.map(({ embedding }) => !isZero(embedding));
  return {
    ids: items.map(({ submissionId }) => submissionId),
    comments: items.map(({ text }, place) => (isKept[place] ? wordsOf(text) : new Set<string>())),
    nKept: isKept.filter(Boolean).length,
  };
}

function labelled({ comments }: Comments, topics: readonly NumberedTopic[]): number[] {
  return comments.map((comment) => nearest(comment, topics)?.topicIndex ?? -1);
}

function completed(placed: Placed, model: CompletedResult['model']): CompletedResult {
  return {
    version,
    status: 'completed',
    topics: countedTopics(placed),
    assignments: assignmentsOf(placed),
    metrics: metricsOf(placed),
    outlierCount: outlierCountOf(placed),
    ...(model ? { model } : {}),
    completedAt: now(),
  };
}

function isResult(value: unknown): value is EarlierResult {
  const result = value as Partial<EarlierResult> | null | undefined;
  return Array.isArray(result?.topics) && Array.isArray(result.assignments);
}

function tooFew(kind: Kind, batch: Comments, params: Params): FailedResult | SkippedResult | undefined {
  const { nKept } = batch;
  const nItems = batch.ids.length;
  if (kind === 'topic-model.predict') {
    if (nItems === 0) return failedResult('Received 0 items, need at least 1 for a prediction');
    return nKept === 0 ? failedResult(ALL_ZERO) : undefined;
  }
  if (kind !== 'topic-model.update') return tooFewToFit(batch, params);
  const fewest = params?.min_documents ?? FEWEST_NEW;
  if (nItems > 0 && nKept === 0) return failedResult(ALL_ZERO);
  if (nItems < fewest) return skipped(`Received ${nItems} items, an update needs at least ${fewest} (min_documents)`);
  if (nKept >= fewest) return undefined;
  return skipped(`After filtering zero vectors, only ${nKept} items remain (an update needs ${fewest}: min_documents)`);
}

function tooFewToFit({ ids, nKept }: Comments, params: Params): FailedResult | undefined {
  const fewest = params?.min_topic_size ?? FEWEST_ITEMS;
  if (ids.length < fewest) {
    return failedResult(`Received ${ids.length} items, need at least ${fewest} (min_topic_size) for topic modeling`);
  }
  if (nKept === 0) return failedResult(ALL_ZERO);
  return nKept < fewest ? failedResult(`After filtering zero vectors, only ${nKept} items remain (need ${fewest})`) : undefined;
}

function noTopics(fewest: number, { comments, nKept }: Comments): FailedResult {
  if (comments.every(({ size }) => size === 0)) {
    return failedResult('No keywords: the texts hold only stop words, symbols or digits');
  }
  const [largest] = findTopics(comments, [...comments.keys()], 1, 1);
  const had = largest?.members.length ?? 0;
  return failedResult(
    `BERTopic produced 0 topics: no group of at least ${fewest} similar comments among ${nKept}, the largest had ${had}`,
  );
}

function skipped(reason: string): SkippedResult {
  return { version, status: 'skipped', reason, completedAt: now() };
}
