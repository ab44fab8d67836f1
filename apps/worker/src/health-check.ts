/** `node health-check.cjs` in a worker's container: exits 0 while the worker of this host beats and is well, 1 otherwise. */
import { hostname } from 'node:os';
import { loadSettings } from '@das/core/config/settings';
import type { WorkerDocument } from '@das/core/mongo/documents';
import { stateNow } from '@das/core/mongo/worker-registry';
import { MongoClient } from 'mongodb';

const TIMEOUT_MS = 5000;

async function main(): Promise<void> {
  const settings = loadSettings(['MONGODB_URI', 'MONGODB_DATABASE'], process.env);
  const client = new MongoClient(settings.MONGODB_URI, {
    appName: 'das-worker-health',
    serverSelectionTimeoutMS: TIMEOUT_MS,
    timeoutMS: TIMEOUT_MS,
    maxPoolSize: 1,
  });
  try {
    const db = client.db(settings.MONGODB_DATABASE);
    const worker = await db
      .collection<WorkerDocument>('workers')
      .findOne({ host: hostname() }, { sort: { lastSeenAt: -1 } });
    const { localTime } = await db.command({ hello: 1 }); // beats bear the server's time
    const state = worker ? stateNow(worker, localTime as Date) : 'not registered';
    console.log(state);
    process.exitCode = state === 'active' || state === 'draining' ? 0 : 1;
  } catch (error) {
    console.error(String(error));
    process.exitCode = 1;
  } finally {
    await client.close();
  }
}

void main();
