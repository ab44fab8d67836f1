/** Steps of an attempt at which a worker is made to crash (crash-preload.ts). */
export const CRASH_POINTS = [
  'before the claim',
  'between the lease and the claim',
  'between the claim and its lease',
  'after the claim',
  'while the files are fetched',
  'before the spawn',
  'as the spawn is ordered',
  'after the spawn, before anything is recorded',
  'before a note of what runs',
  'after a note of what runs',
  'at the end, before it is recorded',
  'after the end is recorded, before BullMQ knows',
  'after the lease is given back',
  'after BullMQ was told',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];
