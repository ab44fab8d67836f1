import { CommandError, run } from './command.ts';
import { repositoryRoot } from './settings.ts';
import { terminalSteps } from './steps.ts';

/** npm scripts that make up `npm run check`; all run, so that one sees all there is to mend. */
const STEPS = ['types', 'lint', 'format:check', 'unused', 'imports'];

async function check(): Promise<number> {
  const steps = terminalSteps(process.stdout);
  const faults: string[] = [];
  for (const step of STEPS) {
    const work = () => run('npm', ['run', '--silent', step], { cwd: repositoryRoot, env: process.env, inFull: true });
    await steps.run(step, work).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      faults.push(step);
      steps.say(error.message);
    });
  }
  if (faults.length > 0) steps.say(`Not in order: ${faults.join(', ')}`);
  return faults.length > 0 ? 1 : 0;
}

process.exitCode = await check();
