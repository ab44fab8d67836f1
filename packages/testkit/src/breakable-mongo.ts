import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMongo } from '@das/local/mongo';
import { prepare } from '@das/local/prepare';
import { repositoryRoot, runtimeDirOf } from '@das/local/settings';
import { silentSteps } from '@das/local/steps';
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';

/** A real mongod of one's own that answers chosen commands of chosen clients with an error (`failCommand`). */
export interface BreakableMongo extends AsyncDisposable {
  url: string;
  pid: number;
  /** Until `heal`, or for `times` commands: `commands` of the client called `appName` fail with `errorCode`; on `namespace` only (`database.collection`). */
  fail: (what: Failing) => Promise<void>;
  heal: () => Promise<void>;
  admin: (command: Document) => Promise<Document>;
}

type Failing = { commands: string[]; appName: string; errorCode: number; times?: number; namespace?: string };

export async function startBreakableMongo(): Promise<BreakableMongo> {
  const runtimeDir = runtimeDirOf(repositoryRoot, process.env);
  const runtime = await prepare({ env: process.env, steps: silentSteps, runtimeDir, parts: ['mongodb'] });
  await using starting = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'das-mongo-'));
  starting.defer(() => rm(home, { recursive: true, force: true }));
  const mongod = join(home, 'mongod');
  await writeFile(mongod, `#!/bin/sh\nexec '${runtime.mongod}' "$@" --setParameter enableTestCommands=1\n`);
  await chmod(mongod, 0o700);
  const mongo = await startMongo({ mongod, dir: join(home, 'data') });
  starting.defer(() => mongo.stop(1000));
  const client = new MongoClient(mongo.url);
  starting.defer(() => client.close());
  const admin = (command: Document) => client.db('admin').command(command);
  const started = starting.move();
  return {
    url: mongo.url,
    pid: mongo.pid,
    admin,
    fail: async ({ commands, times, ...where }) => {
      const data = { failCommands: commands, ...where };
      await admin({ configureFailPoint: 'failCommand', mode: times ? { times } : 'alwaysOn', data });
    },
    heal: async () => void (await admin({ configureFailPoint: 'failCommand', mode: 'off' })),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
