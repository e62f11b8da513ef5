// Says whether our schema is the one in another file: node compare_schemas.mjs FILE
// Both are drawn as JSON Schema, so that wording and layout do not count; by what they take in, for
// what they give out never has unknown keys.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { topicModelResponse } from './schema.mjs';

// That file is TypeScript by name only, and lies where no zod can be imported.
const source = readFileSync(process.argv[2], 'utf8')
  .replace(/^import .*$/m, '')
  .replace('export const topicModelResponse =', 'return');
const theirs = new Function('z', source)(z);

const draw = (schema) => z.toJSONSchema(schema, { io: 'input' });
assert.deepEqual(draw(topicModelResponse), draw(theirs));
