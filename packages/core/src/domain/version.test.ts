import { expect, it } from 'vitest';
import { sha256Of, versionOf } from './version.ts';

const script = { role: 'script', path: '/s/a.py', sha256: sha256Of('print(1)'), size: 8 } as const;

it('names a version by its files, and by nothing else', () => {
  const module = { role: 'pyFile', path: '/s/m.py', sha256: sha256Of('x = 1'), size: 5 } as const;
  expect(versionOf([script])).toMatch(/^[0-9a-f]{64}$/);
  expect(versionOf([script])).toBe(versionOf([{ ...script, size: 9 }]));
  expect(versionOf([script, module])).not.toBe(versionOf([script]));
  expect(versionOf([{ ...script, sha256: sha256Of('print(2)') }])).not.toBe(versionOf([script]));
});
