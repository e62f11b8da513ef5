// A producer whose clicks are traced: adds one job in the span "click" and says which spans it made.
//
// node traced.mjs bullmq-5|bullmq-6 PORT PREFIX QUEUE FILE   -> {"traceId", "spans": {name: id}}
import { readFileSync } from 'node:fs';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { BullMQOtel } from 'bullmq-otel';

const [library, port, prefix, queueName, file] = process.argv.slice(2);
const { Queue } = await import(library);
const made = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(made)] }).register();

const telemetry = new BullMQOtel('api', '1.0.0');
const queue = new Queue(queueName, { connection: { host: '127.0.0.1', port: Number(port) }, prefix, telemetry });
await trace.getTracer('api').startActiveSpan('click', async (span) => {
  const { data, opts } = JSON.parse(readFileSync(file, 'utf8'));
  await queue.add('topic-model', data, opts);
  span.end();
});
await queue.close();

const spans = made.getFinishedSpans();
const [click] = spans.filter(({ name }) => name === 'click');
const ids = Object.fromEntries(spans.map((span) => [span.name, span.spanContext().spanId]));
console.log(JSON.stringify({ traceId: click.spanContext().traceId, spans: ids }));
