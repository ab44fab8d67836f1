import { expect, it } from 'vitest';
import { fixFor } from './fixes.ts';

it.each([
  ['mongodb', 'connect ECONNREFUSED 127.0.0.1:27017', 'MONGODB_URI'],
  ['mongodb', 'no answer within 1500 ms', 'Start mongod'],
  ['mongodb', 'Transaction numbers are only allowed on a replica set member', '--replSet'],
  ['mongodb', 'Authentication failed.', 'password'],
  ['redis', 'NOAUTH Authentication required.', 'REDIS_URL'],
  ['redis', 'READONLY You can’t write against a read only replica.', 'primary'],
  ['redis', 'Connection is closed.', 'Start redis-server'],
  ['hdfs', 'Name node is in safe mode.', 'hdfs dfsadmin -safemode leave'],
  ['hdfs', 'Permission denied: user=x', 'HDFS_USER'],
  ['hdfs', 'fetch failed', 'HDFS_URL'],
  ['spark', 'no active worker: start one', 'npm start'],
  ['spark', '', 'SPARK_SUBMIT'],
] as const)('%s: %s', (part, error, named) => expect(fixFor(part, error)).toContain(named));
