import { readFile } from 'node:fs/promises';

/**
 * Begins to watch whether the kernel kills a process of this worker's cgroup for lack of memory; the answer tells whether it did
 * since then. Of several attempts at once nobody knows whose it was: together with a SIGKILL that an attempt met, it is. False
 * where nobody counts (no cgroup, no Linux).
 */
export async function watchOomKills(): Promise<() => Promise<boolean>> {
  const before = await countOomKills();
  return async () => (await countOomKills()) > before;
}

/** See cgroups(7): `memory.events` of version 2, `memory.oom_control` of version 1; in a container its own group is the root. */
async function countOomKills(): Promise<number> {
  const groups = await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
  const v1 = /^\d+:memory:(\/.*)$/m.exec(groups)?.[1] ?? '';
  const v2 = /^0::(\/.*)$/m.exec(groups)?.[1] ?? '';
  const places = [
    `/sys/fs/cgroup/memory${v1}/memory.oom_control`,
    '/sys/fs/cgroup/memory/memory.oom_control',
    `/sys/fs/cgroup${v2}/memory.events`,
    '/sys/fs/cgroup/memory.events',
  ];
  for (const place of places) {
    const counted = /^oom_kill (\d+)$/m.exec(await readFile(place, 'utf8').catch(() => ''))?.[1];
    if (counted !== undefined) return Number(counted);
  }
  return 0;
}
