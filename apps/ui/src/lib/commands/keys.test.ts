import { describe, expect, it } from 'vitest';
import { KeyReader } from './keys.ts';

const groups = [
  {
    page: 'Everywhere',
    commands: [
      { label: 'palette', keys: 'mod+k' },
      { label: 'scripts', keys: 'g s' },
      { label: 'runs', keys: 'g r' },
      { label: 'reload', keys: 'r' },
      { label: 'no keys' },
    ],
  },
  { page: 'Run', commands: [{ label: 're-run', keys: 'r' }] },
];
const press = (reader: KeyReader, key: string, at = 0, mod = false) => reader.read({ key, mod, at }, groups)?.label;

describe('keys', () => {
  it('finds a single key; the page goes before what is everywhere', () => {
    expect(press(new KeyReader(), 'r')).toBe('re-run');
  });

  it('reads two keys, one after the other', () => {
    const reader = new KeyReader();
    expect(press(reader, 'g', 0)).toBeUndefined();
    expect(press(reader, 'r', 500)).toBe('runs');
    expect(press(reader, 'r', 600)).toBe('re-run');
  });

  it('forgets the first key after a while, and when another one came between', () => {
    const reader = new KeyReader();
    press(reader, 'g', 0);
    expect(press(reader, 's', 1300)).toBeUndefined();
    press(reader, 'g', 2000);
    press(reader, 'y', 2100);
    expect(press(reader, 's', 2200)).toBeUndefined();
  });

  it('wants ⌘ or Ctrl where a command says so, whatever the case', () => {
    const reader = new KeyReader();
    expect(press(reader, 'k')).toBeUndefined();
    expect(press(reader, 'K', 0, true)).toBe('palette');
    expect(press(reader, 'r', 0, true)).toBeUndefined();
  });
});
