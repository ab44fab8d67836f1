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

/** Where this process's kills are counted: looked for once, as a process is hardly ever moved. */
let counter: string | undefined;

/** See cgroups(7): `memory.events` of version 2, `memory.oom_control` of version 1; in a container its own group is the root. */
function countOomKills(): number {
  const known = counter === undefined ? undefined : countedIn(counter);
  if (known !== undefined) return known;
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
    const counted = countedIn(place);
    if (counted === undefined) continue;
    counter = place;
    return counted;
  }
  return 0;
}

function countedIn(place: string): number | undefined {
  const counted = /^oom_kill (\d+)$/m.exec(read(place))?.[1];
  return counted === undefined ? undefined : Number(counted);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
