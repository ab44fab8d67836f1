import type { RunSummary } from '@das/contracts/run';
import { writeDuration } from '../../time/duration-input.ts';

/** One thing that two runs have differently, in words; null where one has none. */
export type Difference = { name: string; before: string | null; after: string | null };

/** What `after` has differently from `before` besides its content; settings by key. Pure. */
export function differenceOf(before: RunSummary, after: RunSummary): Difference[] {
  const [was, is] = [factsOf(before), factsOf(after)];
  const names = [...new Set([...was.keys(), ...is.keys()])];
  return names
    .map((name) => ({ name, before: was.get(name) ?? null, after: is.get(name) ?? null }))
    .filter(({ before: old, after: now }) => old !== now);
}

function factsOf(run: RunSummary): Map<string, string> {
  const list = (name: string, items: readonly string[]) =>
    items.length > 0 ? [[name, items.join('\n')] as const] : [];
  return new Map<string, string>([
    ...list(
      'Arguments',
      run.args.map((arg) => JSON.stringify(arg)),
    ),
    ...Object.entries(run.conf),
    ...list('Python files', run.pyFiles),
    ...list('Files', run.files),
    ['Retries', String(run.retries.max)],
    ['Timeout', run.timeoutMs === null ? 'none' : writeDuration(run.timeoutMs)],
    ['Target', run.target],
  ]);
}
