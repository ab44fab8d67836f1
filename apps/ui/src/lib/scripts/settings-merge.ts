import type { ScriptSettings } from '@das/contracts/script';

type Field = keyof ScriptSettings;
/** One field that somebody changed since the form was opened. */
export type FieldChange = { field: Field; before: unknown; theirs: unknown; mine: unknown; clash: boolean };

const same = (a: unknown, b: unknown) => JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));

/** Objects by key: whoever wrote them in another order changed nothing. */
function canonical(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What they changed; `clash` where I changed the same field to something else. */
export function changesOf(before: ScriptSettings, theirs: ScriptSettings, mine: ScriptSettings): FieldChange[] {
  return fieldsOf(before, theirs, mine)
    .filter((field) => !same(before[field], theirs[field]))
    .map((field) => ({
      field,
      before: before[field],
      theirs: theirs[field],
      mine: mine[field],
      clash: !same(before[field], mine[field]) && !same(mine[field], theirs[field]),
    }));
}

/** Theirs, with every field over it that I changed. */
export function merged(before: ScriptSettings, theirs: ScriptSettings, mine: ScriptSettings): ScriptSettings {
  const taken = fieldsOf(before, theirs, mine)
    .map((field) => [field, same(before[field], mine[field]) ? theirs[field] : mine[field]] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(taken) as ScriptSettings;
}

/** A setting for people: `–` where it is not set. */
export function shownValue(value: unknown): string {
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fieldsOf(...all: ScriptSettings[]): Field[] {
  return [...new Set(all.flatMap((settings) => Object.keys(settings) as Field[]))];
}
