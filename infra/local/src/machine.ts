import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { run } from './command.ts';
import type { Steps } from './steps.ts';

/** Something the machine must have and DAS cannot install; the message is one line that names the command. */
export class MissingError extends Error {
  override name = 'MissingError';
}

export interface Machine {
  env: NodeJS.ProcessEnv;
  steps: Steps;
  signal?: AbortSignal | undefined;
}

interface Need {
  what: string;
  /** Debian's packages for it. */
  packages: string[];
  find: (machine: Machine) => Promise<string | undefined>;
}

/** A `java` >= 17 (JAVA_HOME, PATH, then where distributions put them). */
export const findJava = (machine: Machine) =>
  findOrInstall(machine, { what: 'Java >= 17', packages: ['openjdk-17-jre-headless'], find: javaOf });

/** A Python >= 3.10 that can make virtual environments. */
export const findPython = (machine: Machine) =>
  findOrInstall(machine, { what: 'Python >= 3.10 with venv', packages: ['python3', 'python3-venv'], find: pythonOf });

/** Chromium or Chrome for the browser tests (CHROMIUM names another one). */
export const findChromium = (machine: Machine) =>
  findOrInstall(machine, { what: 'Chromium', packages: ['chromium'], find: chromiumOf });

async function findOrInstall(machine: Machine, { what, packages, find }: Need): Promise<string> {
  const found = await find(machine);
  if (found !== undefined) return found;
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!mayInstall()) throw new MissingError(`${what} is missing. Install it: sudo ${command}`);
  await machine.steps.run(`${what} (apt-get)`, () => aptInstall(packages, machine));
  const installed = await find(machine);
  if (installed === undefined) throw new MissingError(`${what} is missing, also after: ${command}`);
  return installed;
}

/** Only root on a Debian may, or can, install packages without being asked. */
export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

export async function aptInstall(packages: string[], { env, signal }: Machine): Promise<void> {
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, signal };
  await run('apt-get', ['update', '-q'], options);
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], options);
}

async function javaOf({ env, signal }: Machine): Promise<string | undefined> {
  const installed = await readdir('/usr/lib/jvm').catch(() => []);
  const candidates = [
    ...(env['JAVA_HOME'] ? [join(env['JAVA_HOME'], 'bin/java')] : []),
    ...onPath('java', env),
    ...installed
      .toSorted()
      .reverse()
      .map((name) => `/usr/lib/jvm/${name}/bin/java`),
  ];
  return firstThat(candidates, async (java) => {
    const { stdout, stderr } = await run(java, ['-version'], { env, signal });
    return (javaMajor(stdout + stderr) ?? 0) >= 17;
  });
}

/** 17 of `openjdk version "17.0.15" 2025-04-15`, 8 of `java version "1.8.0_392"`, 25 of `"25-ea"`. */
export function javaMajor(versionText: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(versionText);
  return match ? Number(match[1]) : undefined;
}

async function pythonOf({ env, signal }: Machine): Promise<string | undefined> {
  const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
  let path: string | undefined;
  await firstThat(
    names.flatMap((name) => onPath(name, env)),
    async (python) => {
      // ensurepip is what Debian leaves out without python3-venv; sys.executable sees through pyenv's shims.
      const code = 'import sys, venv, ensurepip; print(sys.executable if sys.version_info >= (3, 10) else "")';
      path = (await run(python, ['-c', code], { env, signal })).stdout.trim();
      return path !== '';
    },
  );
  return path || undefined;
}

async function chromiumOf({ env }: Machine): Promise<string | undefined> {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  const candidates = [
    ...(env['CHROMIUM'] ? [env['CHROMIUM']] : []),
    ...names.flatMap((name) => onPath(name, env)),
    mac,
  ];
  return candidates.find((file) => existsSync(file));
}

/** Every executable of that name on PATH, first found first. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string[] {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .filter((file) => existsSync(file));
}

/** JAVA_HOME and PATH for programs that look for Java themselves, as spark-submit does. */
export function withJava(env: NodeJS.ProcessEnv, java: string): NodeJS.ProcessEnv {
  return onPath('java', env)[0] === java && !env['JAVA_HOME'] ? env : { ...env, JAVA_HOME: dirname(dirname(java)) };
}

async function firstThat(candidates: string[], holds: (file: string) => Promise<boolean>): Promise<string | undefined> {
  for (const file of new Set(candidates)) {
    if (existsSync(file) && (await holds(file).catch(() => false))) return file;
  }
  return undefined;
}
