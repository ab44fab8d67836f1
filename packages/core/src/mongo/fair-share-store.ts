import { Coalescer } from '../domain/coalescer.ts';
import { isWornOut } from '../domain/fair-share.ts';
import type { Database } from './database.ts';
import type { RunDocument } from './documents.ts';
import { translateMongoErrors } from './errors.ts';

export type Base = { priorityClass: number; base: number };

/** The tag that each class is counted from in Redis; moved up to the first run that waits once it is worn out. */
export async function freshBases(db: Database): Promise<Base[]> {
  const documents = await translateMongoErrors(() => db.fairShare.find({ _id: /^(base:)?\d+$/ }).toArray());
  const tagOf = new Map(documents.map(({ _id, tag }) => [_id, tag]));
  const classes = documents.map(({ _id }) => Number(_id)).filter(Number.isInteger);
  return Promise.all(
    classes.map(async (priorityClass) => {
      const claimed = tagOf.get(String(priorityClass)) ?? 0;
      const base = tagOf.get(`base:${priorityClass}`) ?? 0;
      return { priorityClass, base: isWornOut(claimed, base) ? await moveBase(db, priorityClass, claimed) : base };
    }),
  );
}

async function moveBase(db: Database, priorityClass: number, claimed: number): Promise<number> {
  return translateMongoErrors(async () => {
    const first = await db.runs.findOne(
      { state: { $in: ['queued', 'retrying'] }, 'order.class': priorityClass },
      { sort: { 'order.tag': 1 }, projection: { order: 1 } },
    );
    const tag = Math.min(first?.order.tag ?? claimed, claimed);
    await db.fairShare.updateOne({ _id: `base:${priorityClass}` }, { $set: { tag } }, { upsert: true });
    return tag;
  });
}

/** How long claims gather before fairness hears of them. */
const GATHER_MS = 50;

/** Remembers which tags were claimed: who comes later starts behind them. That it is told of a claim a little later harms nobody. */
export class ClaimedTags {
  readonly #notes: Coalescer<RunDocument['order'], null>;

  constructor(db: Database) {
    this.#notes = Coalescer.whole((orders) => raiseClaimed(db, orders), { gatherMs: GATHER_MS });
  }

  async note(order: RunDocument['order']): Promise<void> {
    await this.#notes.add(order);
  }
}

async function raiseClaimed(db: Database, orders: readonly RunDocument['order'][]): Promise<void> {
  const highest = new Map<number, number>();
  for (const order of orders) highest.set(order.class, Math.max(order.tag, highest.get(order.class) ?? 0));
  const operations = [...highest].map(([priorityClass, tag]) => ({
    updateOne: { filter: { _id: String(priorityClass) }, update: { $max: { tag } }, upsert: true },
  }));
  await db.fairShare.bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } });
}
