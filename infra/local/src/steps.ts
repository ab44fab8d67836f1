/** What the terminal shows while something is prepared or started: one line a step, with the time it took. */
export interface Steps {
  /** Does `work` and prints `✓ name (1.2 s)`, or `✗ name (1.2 s)` if it fails. `name` may come from the result. */
  run<T>(name: string, work: () => Promise<T>, done?: (result: T) => string): Promise<T>;
  say(line: string): void;
}

/** While a step lasts, a person at a terminal sees the seconds pass; a log file gets a line every 15 s. */
const TERMINAL_TICK_MS = 1_000;
const FILE_TICK_MS = 15_000;

export function terminalSteps(out: NodeJS.WritableStream & { isTTY?: boolean }): Steps {
  const active = new Map<symbol, { name: string; startedAt: number }>();
  let ticker: NodeJS.Timeout | undefined;

  const clear = () => out.isTTY && out.write('\r\u001B[K');
  const line = (text: string) => {
    clear();
    out.write(`${text}\n`);
    draw();
  };
  const draw = () => {
    if (!out.isTTY || active.size === 0) return;
    const parts = [...active.values()].map(({ name, startedAt }) => `${name} ${seconds(startedAt)}`);
    out.write(`\r\u001B[K… ${parts.join(' · ')}`);
  };
  const tick = () => {
    if (out.isTTY) return draw();
    for (const { name, startedAt } of active.values()) out.write(`… ${name} (${seconds(startedAt)})\n`);
  };
  const begin = (name: string) => {
    const key = Symbol(name);
    active.set(key, { name, startedAt: performance.now() });
    ticker ??= setInterval(tick, out.isTTY ? TERMINAL_TICK_MS : FILE_TICK_MS).unref();
    draw();
    return key;
  };
  const end = (key: symbol, mark: string, text: string) => {
    const startedAt = active.get(key)?.startedAt ?? performance.now();
    active.delete(key);
    if (active.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
    }
    line(`${mark} ${text} (${seconds(startedAt)})`);
  };

  return {
    say: line,
    async run(name, work, done) {
      const key = begin(name);
      try {
        const result = await work();
        end(key, '✓', done?.(result) ?? name);
        return result;
      } catch (error) {
        end(key, '✗', name);
        throw error;
      }
    },
  };
}

/** Says nothing: for callers that only want the work done. */
export const silentSteps: Steps = { say: () => undefined, run: (_name, work) => work() };

function seconds(startedAt: number): string {
  const value = (performance.now() - startedAt) / 1000;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}
