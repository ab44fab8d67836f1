import { expect, test } from 'vitest';
import { buildSubmitArgv, isLocalMaster } from './submit-command.ts';

const command = {
  sparkSubmit: '/opt/spark/bin/spark-submit',
  master: 'local[2]',
  conf: {},
  pyFiles: [],
  files: [],
  appName: 'das pi',
  scriptPath: '/work/script.py',
  args: [],
};

test('everything in its place, the script’s arguments last and untouched', () => {
  const args = ['--conf', 'a b', '', 'x\ny', '"', "'", '$HOME', '*', '\\', '日本 🚀', '--'];
  const argv = buildSubmitArgv({
    ...command,
    propertiesFile: '/etc/das.conf',
    conf: { 'spark.driver.memory': '2g' },
    pyFiles: ['/work/a.py', '/work/b.zip'],
    files: ['/work/c.csv'],
    args,
  });
  expect(argv).toEqual([
    '/opt/spark/bin/spark-submit',
    ...['--master', 'local[2]', '--name', 'das pi', '--properties-file', '/etc/das.conf'],
    ...['--conf', 'spark.driver.memory=2g'],
    ...['--conf', 'spark.ui.port=0', '--conf', 'spark.ui.killEnabled=false'],
    ...['--conf', 'spark.driver.bindAddress=127.0.0.1', '--conf', 'spark.driver.host=127.0.0.1'],
    ...['--py-files', '/work/a.py,/work/b.zip', '--files', '/work/c.csv'],
    '/work/script.py',
    ...args,
  ]);
});

test('what DAS insists on comes after the request’s settings, where Spark lets it win', () => {
  const argv = buildSubmitArgv({ ...command, conf: { 'spark.ui.port': '4040' } });
  expect(argv.lastIndexOf('spark.ui.port=0')).toBeGreaterThan(argv.indexOf('spark.ui.port=4040'));
});

test('a cluster’s driver is not bound to loopback', () => {
  expect(buildSubmitArgv({ ...command, master: 'yarn' }).join(' ')).not.toContain('127.0.0.1');
  expect(['local', 'local[*]', 'local[2,3]'].every(isLocalMaster)).toBe(true);
  expect(['yarn', 'spark://local:7077', 'local-cluster[2,1,1024]'].some(isLocalMaster)).toBe(false);
});

test('a private copy whose name Spark would split is refused', () => {
  expect(() => buildSubmitArgv({ ...command, files: ['/work/a,b.csv'] })).toThrow(TypeError);
  expect(() => buildSubmitArgv({ ...command, pyFiles: ['/work/a.py#b'] })).toThrow(TypeError);
});
