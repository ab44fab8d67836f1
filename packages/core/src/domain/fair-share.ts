/**
 * Start-time fair queueing over submitters, within one priority class (design §2, "Fair share").
 * A run's tag = max(highest tag claimed so far, the submitter's last tag) + 1, so a submitter with 2,000 runs
 * waiting gets tags far ahead, and one who comes later with 5 starts right behind what has been claimed.
 */
const CLASS_WIDTH = 2 ** 18;

/**
 * Whether it is time to count a class from a new base: half of what BullMQ can tell apart has been claimed since the
 * old one.
 */
export function isWornOut(claimed: number, base: number): boolean {
  return claimed - base > CLASS_WIDTH / 2;
}

/** BullMQ's priority (1 = first, at most 2^21): the class first, the tag within it. */
export function queuePriority(priorityClass: number, tag: number, base: number): number {
  const within = Math.min(Math.max(tag - base, 0), CLASS_WIDTH - 1);
  return priorityClass * CLASS_WIDTH + within;
}

/** Tags for `count` runs that one submitter sends together. */
export function nextTags(claimed: number, lastTag: number, count: number): number[] {
  const start = Math.max(claimed, lastTag) + 1;
  return Array.from({ length: count }, (_, index) => start + index);
}
