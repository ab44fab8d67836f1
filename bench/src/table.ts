import { mkdir, writeFile } from 'node:fs/promises';
import { describeMachine, reachesGoal } from './measure.ts';
import type { Row } from './measure.ts';

const figure = (value: number | null): string => (value === null ? '–' : value.toFixed(value < 10 ? 2 : 0));

/** The rows as a Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const reached = { true: 'yes', false: 'no', null: '' }[String(reachesGoal(row)) as 'true'];
    const goal = row.goal ? `${row.goal.op} ${figure(row.goal.value)}${row.ratio === null ? ` ${row.unit}` : '×'}` : '';
    const ratio = row.ratio === null ? '–' : `${row.ratio.toFixed(2)}×`;
    const cells = [
      row.id,
      row.what,
      `${figure(row.das)} ${row.unit}`,
      `${figure(row.baseline)}${row.baseline === null ? '' : ` ${row.unit}`}`,
      ratio,
      goal,
      reached,
      row.note ?? '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| # | what | DAS | baseline | ratio | goal | reached | |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** Writes the rows and the machine they were measured on beside each other; answers the file. */
export async function keep(rows: readonly Row[], directory: string, quick: boolean): Promise<string> {
  await mkdir(directory, { recursive: true });
  const at = new Date().toISOString();
  const file = `${directory}/${at.slice(0, 19).replaceAll(':', '')}${quick ? '-quick' : ''}.json`;
  await writeFile(file, `${JSON.stringify({ at, quick, machine: describeMachine(), rows }, null, 2)}\n`);
  return file;
}
