import type { ResultModel, TopicSample } from '../generated/contract';
import type { NumberedTopic, Placed } from './placing';
import { sizesOf } from './placing';

const MAX_SNAPSHOT = 10;
const MAX_SAMPLES = 5;

export interface KeptTopic extends NumberedTopic {
  totalCount: number;
  samples: string[];
}
export interface KeptModel {
  version: string;
  topics: KeptTopic[];
  /** The next topic's number: none is used again. */
  next: number;
}

/** The kept models of all tenants, for as long as the process lives. */
export class Tenants {
  private readonly versions = new Map<string, KeptModel[]>();

  /** Gives a version of a tenant's model, the active one if none is named. */
  find(tenant: string, version?: string | null): KeptModel | undefined {
    const versions = this.versions.get(tenant) ?? [];
    return version ? versions.find((model) => model.version === version) : versions.at(-1);
  }

  /** Keeps a new version, to which a batch was added, and makes it the active one. */
  keep(tenant: string, placed: Placed, before?: KeptModel): { kept: KeptModel; model: ResultModel } {
    const versions = this.versions.get(tenant) ?? [];
    const previous = versions.at(-1);
    const old = new Map(before?.topics.map((topic) => [topic.topicIndex, topic]));
    const sizes = sizesOf(placed);
    const topics = placed.topics.map((topic): KeptTopic => {
      const { topicIndex } = topic;
      const earlier = old.get(topicIndex);
      const ids = placed.ids.filter((_, place) => placed.labels[place] === topicIndex);
      const samples = [...(earlier?.samples ?? []), ...ids].slice(0, MAX_SAMPLES);
      return { ...topic, totalCount: (earlier?.totalCount ?? 0) + (sizes.get(topicIndex) ?? 0), samples };
    });
    const next = Math.max(before?.next ?? 0, ...topics.map(({ topicIndex }) => topicIndex + 1));
    const kept = { version: this.newName(versions), topics, next };
    this.versions.set(tenant, [...versions, kept]);
    return { kept, model: { tenant, version: kept.version, ...(previous ? { previousVersion: previous.version } : {}) } };
  }

  private newName(versions: readonly KeptModel[]): string {
    const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);
    const same = versions.filter(({ version }) => version.startsWith(time)).length;
    return same > 0 ? `${time}_${same}` : time;
  }
}

/** Gives the largest topics of a model, with the first comments of each. */
export function snapshotOf({ topics }: KeptModel): TopicSample[] {
  const largest = [...topics].sort((one, other) => other.totalCount - one.totalCount || one.topicIndex - other.topicIndex);
  return largest.slice(0, MAX_SNAPSHOT).map(({ topicIndex, totalCount, samples }) => {
    return { topicIndex, totalCount, submissionIds: samples };
  });
}
