import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellQuoted } from './shell.ts';

it.each([
  [['spark-submit', '--master', 'local[2]', '--conf', 'spark.driver.memory=1g', '/a b/c.py']],
  [['', "it's", '"', '\\', '$HOME', '`id`', '$(id)', '*', '~', '#', '!x', ';', '&&', '|', 'a\nb', 'ü 🦆', '--x=y z']],
])('a shell reads back %j', (words) => {
  const read = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${shellQuoted(words)}`], { encoding: 'utf8' });
  expect(read.split('\0').slice(0, -1)).toEqual(words);
});

it('leaves alone what needs no quotes', () => {
  expect(shellQuoted(['spark-submit', '--conf', 'a.b=c', 'hdfs:///x/y.py'])).toBe(
    'spark-submit --conf a.b=c hdfs:///x/y.py',
  );
});
