import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll } from 'vitest';
import { eventually } from '@das/testkit/eventually';
import { descendantsOf } from './process-tree.ts';

export type Cgroup = {
  limit: (to: string) => Promise<void>;
  /** A worker, with what it starts ahead of any attempt: what forks supervisors, a spare one, and what waits to become its main child. */
  admit: (workerPid: number) => Promise<void>;
};

/** A cgroup of one's own for the tests of a file, named by where its limit stands: of version 1 or 2. Null where this user may not make one. */
export async function ownCgroup(first: string, limitFiles: readonly string[]): Promise<Cgroup | null> {
  for (const limitFile of limitFiles.map((file) => `/sys/fs/cgroup/${file}`)) {
    const group = dirname(limitFile);
    const limit = (to: string) => writeFile(limitFile, to, { flag: 'r+' }); // not there: no cgroup
    try {
      await mkdir(group, { recursive: true }); // an earlier one that was killed may have left it
      await limit(first);
    } catch {
      await rmdir(group).catch(() => undefined);
      continue;
    }
    afterAll(() => rmdir(group));
    return {
      limit,
      admit: async (workerPid) => {
        await eventually('a spare supervisor', () => descendantsOf(workerPid), ({ length }) => length >= 3); // prettier-ignore
        const admitAll = async () => {
          const pids = [workerPid, ...(await descendantsOf(workerPid)).map(({ pid }) => pid)];
          for (const pid of pids) await writeFile(`${group}/cgroup.procs`, String(pid));
        };
        // Again, for what was forked before the one that forks was in.
        await admitAll();
        await admitAll();
      },
    };
  }
  return null;
}
