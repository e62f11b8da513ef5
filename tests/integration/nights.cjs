// An API with a job scheduler of its own for each tenant: `node nights.cjs CLIENT EXAMPLE PORT DAYS`.
// DAYS holds the comments of each day, by tenant; each night that collects finds one day more. Prints what came of each.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [, , client, example, port, file] = process.argv;
const { TopicModelService } = require(client);
const { Nightly } = require(example);
const { Queue, Worker } = createRequire(join(client, 'index.js'))('bullmq');
const options = { connection: { host: '127.0.0.1', port: Number(port) }, prefix: 'faculytics:bull' };
const days = JSON.parse(readFileSync(file, 'utf8'));

/** Comments as a table with a column `night`. */
class Table {
  rows = [];
  async collect(tenant, night) {
    const own = (row) => row.tenant === tenant && row.night === night;
    if (!this.rows.some(own)) {
      for (const item of days[tenant].shift() ?? []) this.rows.push({ tenant, item, night: null });
      for (const row of this.rows) if (row.tenant === tenant && row.night === null) row.night = night;
    }
    return this.rows.filter(own).map(({ item }) => item);
  }
  async giveBack(tenant, night) {
    for (const row of this.rows) if (row.tenant === tenant && row.night === night) row.night = null;
  }
}

/** A night whose comments were added runs twice, as after a crash of the API at its end. */
async function processTwice(nightly, job) {
  const result = await nightly.process(job);
  return result.status === 'completed' ? nightly.process(job) : result;
}

async function main() {
  const tenants = Object.keys(days);
  const expected = Object.fromEntries(tenants.map((tenant) => [tenant, days[tenant].length]));
  const service = new TopicModelService(options);
  const totals = {};
  const update = service.update.bind(service);
  service.update = async (batch, ids) => {
    const result = await update(batch, ids);
    // The first has no totals: it is a fit.
    const total = (sum, { totalCount }) => sum + totalCount;
    if (result.snapshot) totals[batch.model.tenant] = result.topics.reduce(total, 0);
    return result;
  };
  const queue = new Queue('nights', options);
  const table = new Table();
  const nightly = new Nightly(service, table);
  const told = Object.fromEntries(tenants.map((tenant) => [tenant, []]));
  // One job at a time: every tenth of a second one night would begin before the one before it is over.
  const worker = new Worker('nights', (job) => processTwice(nightly, job), options);
  const over = new Promise((resolve, reject) => {
    worker.on('failed', (_, error) => reject(error));
    worker.on('completed', ({ data }, result) => {
      if (told[data.tenant].length < expected[data.tenant]) told[data.tenant].push(result);
      if (tenants.every((tenant) => told[tenant].length === expected[tenant])) resolve();
    });
  });
  // Twice, as at two starts of the API.
  for (let start = 0; start < 2; start += 1) {
    for (const tenant of tenants) await nightly.schedule(queue, tenant, { every: 100 });
  }
  const schedulers = await queue.getJobSchedulersCount();
  await over;
  for (const tenant of tenants) await queue.removeJobScheduler(`nightly-${tenant}`);
  await worker.close();
  await Promise.all([queue.close(), service.onModuleDestroy()]);
  const left = table.rows.filter(({ night }) => night === null).length;
  console.log(JSON.stringify({ schedulers, told, totals, left }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
