import { describe, expect, test } from 'vitest';
import { normaliseScriptPath } from './hdfs-path.ts';

const DIR = '/my_projects/scripts';

describe('accepted as they are', () => {
  test.each([
    '/my_projects/scripts/a.py',
    '/my_projects/scripts/deep/er/a.py',
    '/my_projects/scripts/größe übersicht.py',
    '/my_projects/scripts/日本語 😀.py',
    '/my_projects/scripts/100% of it.py',
    '/my_projects/scripts/a#b?c+d&e.py',
    '/my_projects/scripts/..hidden/...py',
  ])('%s', (path) => expect(normaliseScriptPath(path, DIR)).toEqual({ ok: true, path }));
});

describe('refused', () => {
  test.each([
    ['', 'empty'],
    ['a.py', 'absolute'],
    ['hdfs://host/my_projects/scripts/a.py', 'scheme'],
    ['/my_projects/scripts', 'under'],
    ['/my_projects/scripts/', 'empty part'],
    ['/my_projects/scripts-evil/a.py', 'under'],
    ['/my_projects/scriptsa.py', 'under'],
    ['/my_projects/Scripts/a.py', 'under'],
    ['/etc/passwd', 'under'],
    ['/my_projects/scripts/../secret.py', '..'],
    ['/my_projects/scripts/./a.py', '.'],
    ['/my_projects/scripts//a.py', '//'],
    ['//my_projects/scripts/a.py', '//'],
    ['/my_projects/scripts/%2e%2e/secret.py', 'encoded'],
    ['/my_projects/scripts/%2E./secret.py', 'encoded'],
    ['/my_projects/scripts%2fa.py', 'encoded'],
    ['/my_projects/scripts/%252e%252e/a.py', 'encoded'],
    ['/my_projects/scripts/a%00.py', 'encoded'],
    ['/my_projects/scripts/a\0.py', 'control'],
    ['/my_projects/scripts/a\n.py', 'control'],
    ['/my_projects/scripts/a\u0085.py', 'control'],
    ['/my_projects/scripts\\..\\a.py', 'backslash'],
    ['/my_projects/scripts/\ud800.py', 'surrogate'],
    ['/my_projects/scripts/a:b.py', ':'],
    [`/my_projects/scripts/${'é'.repeat(130)}.py`, '255 bytes'],
    [`/my_projects/scripts/${'a/'.repeat(4000)}a.py`, 'longer'],
  ])('%j', (path, reason) => {
    const verdict = normaliseScriptPath(path, DIR);
    expect(verdict).toMatchObject({ ok: false });
    if (!verdict.ok) expect(verdict.reason).toContain(reason);
  });
});

test('the scripts directory itself, for listings', () => {
  const rules = { orDirectoryItself: true };
  expect(normaliseScriptPath(DIR, DIR, rules)).toEqual({ ok: true, path: DIR });
  expect(normaliseScriptPath(`${DIR}/`, `${DIR}/`, rules)).toEqual({ ok: true, path: DIR });
  expect(normaliseScriptPath(`${DIR}/sub/`, DIR, rules)).toEqual({ ok: true, path: `${DIR}/sub` });
  expect(normaliseScriptPath(`${DIR}//`, DIR, rules)).toMatchObject({ ok: false });
  expect(normaliseScriptPath('/', '/', rules)).toEqual({ ok: true, path: '/' });
  expect(normaliseScriptPath('/my_projects', DIR, rules)).toMatchObject({ ok: false });
});

test('a scripts directory that is the root', () => {
  expect(normaliseScriptPath('/a.py', '/')).toEqual({ ok: true, path: '/a.py' });
  expect(normaliseScriptPath('/', '/')).toMatchObject({ ok: false });
});
