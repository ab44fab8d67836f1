import type { Fault } from '@das/contracts/problem';

/** The server's faults, sorted to the fields of a form. `local` holds what the form found itself, by the same paths. */
export class FieldFaults {
  readonly #faults: readonly Fault[];
  readonly #local: Readonly<Record<string, string>>;

  constructor(faults: readonly Fault[], local: Readonly<Record<string, string>> = {}) {
    this.#faults = faults;
    this.#local = local;
  }

  /** What is wrong at a field or below it; with the rest of the path where that says more (`conf.spark.x: …`). */
  at(...fields: string[]): string[] {
    const found: string[] = [];
    for (const field of fields) {
      if (this.#local[field]) found.push(this.#local[field]);
      for (const { path, message } of this.#faults) {
        if (path === field) found.push(message);
        else if (path.startsWith(`${field}.`)) found.push(`${path.slice(field.length + 1)}: ${message}`);
      }
    }
    return found;
  }

  /** Faults that belong to none of `fields`. */
  others(...fields: string[]): Fault[] {
    return this.#faults.filter(({ path }) => !fields.some((field) => path === field || path.startsWith(`${field}.`)));
  }
}
