import type { RunSummary } from '@das/contracts/run';

/** What a row of an exported summary tells, in this order. */
function toRow(run: RunSummary) {
  return {
    run: run.id,
    script: run.script.path,
    version: run.version,
    args: run.args,
    state: run.state,
    attempts: run.attemptCount,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    durationMs: run.durationMs,
    exitCode: run.result?.exitCode ?? null,
    failure: run.failure?.summary ?? null,
    result: run.result?.value ?? null,
    output: run.result?.tail ?? null,
    rerunOf: run.rerunOf,
  };
}

export function toJson(runs: readonly RunSummary[]): string {
  return `${JSON.stringify(runs.map(toRow), null, 2)}\n`;
}

/** RFC 4180, after a byte order mark that makes spreadsheets read UTF-8. Lists and values are JSON. */
export function toCsv(runs: readonly RunSummary[]): string {
  const rows = runs.map(toRow);
  const [first] = rows;
  if (!first) return '';
  const lines = [Object.keys(first), ...rows.map((row) => Object.values(row))];
  return `\uFEFF${lines.map((line) => line.map(toCell).join(',')).join('\r\n')}\r\n`;
}

function toCell(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A spreadsheet would compute what begins so: a script's output must stay text.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function download(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
