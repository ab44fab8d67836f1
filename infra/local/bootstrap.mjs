// `npm start | stop | test | test:heavy | check | bench | screenshots` begin here. Plain JavaScript without dependencies: the machine's own Node
// (>= 20) runs it, before anything is installed. It installs, then goes on under the Node 24 that npm put into node_modules/.bin.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const bin = join(root, 'node_modules/.bin');
const node = join(bin, 'node');
const localEnv = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
  TURBO_TELEMETRY_DISABLED: '1',
};

const commands = {
  start: (args) => runNode('infra/local/src/main.ts', args),
  stop: (args) => runNode('infra/local/src/stop.ts', args),
  test: (args) => vitest(args),
  faults: (args) => {
    const options = { seed: { type: 'string' }, runs: { type: 'string' }, minutes: { type: 'string' } };
    const { values } = parseArgs({ args, options });
    for (const [name, value] of Object.entries(values)) localEnv[`DAS_FAULTS_${name.toUpperCase()}`] = value;
    return vitest(['--config', 'packages/testkit/src/campaign/vitest.config.ts']);
  },
  heavy: (args) => vitest(['--config', 'apps/ui/test/heavy.config.ts', ...args]),
  screenshots: (args) => vitest(['--config', 'apps/ui/test/screenshots.config.ts', ...args]),
  check: (args) => runNode('infra/local/src/check.ts', args),
  bench: (args) => {
    if (args.includes('--quick')) localEnv.DAS_BENCH_QUICK = '1';
    return vitest(['--config', 'bench/vitest.config.ts', ...args.filter((arg) => arg !== '--quick')]);
  },
};

const [command, ...args] = process.argv.slice(2);
const usage = `usage: node infra/local/bootstrap.mjs ${Object.keys(commands).join('|')} [arguments]`;
if (!Object.hasOwn(commands, command ?? '')) fail(usage, 2);
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`DAS needs Node 20 or newer to begin with (this is ${process.version}): https://nodejs.org`, 1);
}
if (command !== 'stop') await install();
if (!existsSync(node)) {
  fail(
    command === 'stop'
      ? 'Nothing is installed here, so nothing runs.'
      : `There is no Node 24 for ${process.platform}-${process.arch} in npm: use Linux or macOS (x64, arm64).`,
    1,
  );
}
process.exit(await commands[command](args));

/** Makes node_modules match package-lock.json; the lock's hash is noted last, so an interrupted install is made again. */
async function install() {
  const stamp = join(root, 'node_modules/.das-install');
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash()) return;
  const startedAt = Date.now();
  console.log('… npm packages');
  rmSync(stamp, { force: true });
  // Not `npm ci`: it refuses a lock that lacks the optional builds for other systems (a registry may not have them), and empties
  // node_modules under whatever runs from there. --no-save: the lock stays as it is. npm must not run on the very Node that it
  // replaces, hence the caller's PATH.
  const failed = await run('npm', ['install', '--no-save', '--loglevel=error'], process.env);
  if (failed) fail('npm install failed (see above)', failed);
  writeFileSync(stamp, lockHash());
  console.log(`✓ npm packages (${Math.round((Date.now() - startedAt) / 1000)} s)`);
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

async function vitest(vitestArgs) {
  const failed = await runNode('infra/local/src/prepare-tests.ts', []);
  return failed || run(node, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...vitestArgs]);
}

function runNode(script, scriptArgs) {
  return run(node, [join(root, script), ...scriptArgs]);
}

/** Runs a command in the repository to its end and gives its exit status; passes signals on, and takes it along if killed. */
function run(file, fileArgs, env = localEnv) {
  const setpriv = process.platform === 'linux' && ['/usr/bin/setpriv', '/bin/setpriv'].find(existsSync);
  const guarded = setpriv ? [setpriv, ['--pdeathsig=TERM', '--', file, ...fileArgs]] : [file, fileArgs];
  return new Promise((resolve) => {
    const child = spawn(...guarded, { cwd: root, env, stdio: 'inherit' });
    const pass = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    const end = (status) => {
      for (const signal of signals) process.off(signal, pass);
      resolve(status);
    };
    child.once('error', (error) => {
      console.error(`${file}: ${error.message}`);
      end(127);
    });
    child.once('exit', (code, signal) => end(code ?? 128 + constants.signals[signal]));
  });
}

function fail(message, status) {
  console.error(message);
  process.exit(status);
}
