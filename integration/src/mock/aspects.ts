import type { Assignment, CompletedResult, MappedAspect, TopicModelRequest } from '../generated/contract';

const ACADEMIC = [
  'teaching_clarity',
  'assessment_grading',
  'workload_pacing',
  'teaching_methodology',
  'instructor_attitude',
  'responsiveness_support',
  'punctuality_attendance',
  'lms_digital_tools',
  'real_world_relevance',
  'language_communication',
];
/** Each fourth topic is near no aspect, and each fifth comment has a second topic. */
const EMERGENT_EVERY = 4;
const SECOND_EVERY = 5;

/** Adds what the extensions ask for: made-up aspects and second topics, in the shape of the contract. */
export function extended(result: CompletedResult, params: TopicModelRequest['params']): CompletedResult {
  const own = params?.aspects ? Object.keys(params.aspects).sort() : undefined;
  const names = own ?? (params?.tier1_guided ? ACADEMIC : undefined);
  const numbers = result.topics.map(({ topicIndex }) => topicIndex);
  const assignments = names || params?.multi_topic ? withSecond(result.assignments, numbers) : result.assignments;
  if (names === undefined) return { ...result, assignments };
  const aspectMapping: Record<string, MappedAspect> = { '-1': { aspect: 'outlier', similarity: 0 } };
  const topics = result.topics.map((topic, place) => {
    const isEmergent = place % EMERGENT_EVERY === EMERGENT_EVERY - 1;
    const aspect = isEmergent ? 'emergent' : (names[place % names.length] ?? 'emergent');
    const similarity = isEmergent ? 0.4 : 0.8;
    aspectMapping[topic.topicIndex] = { aspect, similarity };
    return { ...topic, aspectLabel: aspect, aspectSimilarity: similarity, isEmergent, keywordsMmr: topic.keywords };
  });
  return { ...result, topics, assignments, aspectMapping };
}

function withSecond(assignments: readonly Assignment[], numbers: readonly number[]): Assignment[] {
  return assignments.map((assignment, place) => {
    const other = numbers.find((number) => number !== assignment.topicIndex);
    if (other === undefined || place % SECOND_EVERY > 0) return { ...assignment, isMultiTopic: false };
    return { ...assignment, isMultiTopic: true, secondaryTopicIndex: other, secondaryProbability: 0.2 };
  });
}
