import { MikroOrmModule } from '@mikro-orm/nestjs';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { TopicModelModule } from 'topic-model-client';
import { ENTITIES } from './entities';
import { FailedRuns, TopicResults } from './topic-results';
import { TOPIC_RESULTS, TopicRuns } from './topic-runs';

const { DATABASE_URL = 'postgresql://localhost:5432/faculytics', REDIS_HOST = 'localhost', REDIS_PORT = '6379' } = process.env;
const connection = { host: REDIS_HOST, port: Number(REDIS_PORT) };
const prefix = 'faculytics:bull';

@Module({
  imports: [
    MikroOrmModule.forRoot({ driver: PostgreSqlDriver, clientUrl: DATABASE_URL, entities: ENTITIES }),
    BullModule.forRoot({ connection, prefix }),
    BullModule.registerQueue({ name: TOPIC_RESULTS }),
    TopicModelModule.register({ connection, prefix }),
  ],
  providers: [TopicRuns, TopicResults, FailedRuns],
  exports: [TopicRuns],
})
export class PersistenceModule {}
