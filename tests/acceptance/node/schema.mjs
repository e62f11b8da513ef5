// What the API accepts as a result: the contract's schema, in Zod 4.
import { z } from 'zod';

const integer = z.number().int();
const metric = z.number().optional();

export const topicModelResponse = z.object({
  version: z.string(),
  status: z.enum(['completed', 'failed']),
  topics: z
    .array(z.object({ topicIndex: integer, rawLabel: z.string(), keywords: z.array(z.string()), docCount: integer }))
    .optional(),
  assignments: z
    .array(z.object({ submissionId: z.string(), topicIndex: integer, probability: z.number().min(0).max(1) }))
    .optional(),
  metrics: z
    .object({
      npmi_coherence: metric,
      topic_diversity: metric,
      outlier_ratio: metric,
      silhouette_score: metric,
      embedding_coherence: metric,
    })
    .optional(),
  outlierCount: integer.optional(),
  error: z.string().optional(),
  completedAt: z.string().datetime({ offset: true }),
});
