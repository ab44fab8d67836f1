import { readFileSync } from 'node:fs';

/**
 * Begins to watch whether the kernel kills a process of this worker's cgroup for lack of memory; the answer tells whether it did
 * since then. Of several attempts at once nobody knows whose it was: together with a SIGKILL that an attempt met, it is. False
 * where nobody counts (no cgroup, no Linux). Read synchronously: these files are the kernel's own, and on no disk.
 */
export function watchOomKills(): () => boolean {
  const before = countOomKills();
  return () => countOomKills() > before;
}

/** See cgroups(7): `memory.events` of version 2, `memory.oom_control` of version 1; in a container its own group is the root. */
function countOomKills(): number {
  const groups = read('/proc/self/cgroup');
  const v1 = /^\d+:memory:(\/.*)$/m.exec(groups)?.[1] ?? '';
  const v2 = /^0::(\/.*)$/m.exec(groups)?.[1] ?? '';
  const places = [
    `/sys/fs/cgroup/memory${v1}/memory.oom_control`,
    '/sys/fs/cgroup/memory/memory.oom_control',
    `/sys/fs/cgroup${v2}/memory.events`,
    '/sys/fs/cgroup/memory.events',
  ];
  for (const place of places) {
    const counted = /^oom_kill (\d+)$/m.exec(read(place))?.[1];
    if (counted !== undefined) return Number(counted);
  }
  return 0;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
