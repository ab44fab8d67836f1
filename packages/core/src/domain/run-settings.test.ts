import { describe, expect, it } from 'vitest';
import { mergeSettings } from './run-settings.ts';

const platform = { retries: 1, timeoutMs: 60_000 };

describe('merging settings', () => {
  it('starts from the platform', () => {
    const { effective, sources } = mergeSettings(platform, {});
    expect(effective).toMatchObject({ args: [], timeoutMs: 60_000, priority: 4, target: 'local', retries: { max: 1 } });
    expect(new Set(Object.values(sources))).toEqual(new Set(['platform']));
  });

  it('merges conf and labels by key and replaces the rest, and tells where each came from', () => {
    const { effective, sources } = mergeSettings(platform, {
      script: { conf: { a: '1', b: '1' }, args: ['x', 'y'], labels: { team: 'one' } },
      launch: { conf: { b: '2' }, retries: 3, labels: { run: 'nightly' } },
      item: { args: ['z'], timeoutMs: null },
    });
    expect(effective).toMatchObject({
      conf: { a: '1', b: '2' }, args: ['z'], labels: { team: 'one', run: 'nightly' }, timeoutMs: null, retries: { max: 3 },
    }); // prettier-ignore
    expect(sources).toMatchObject({
      conf: 'launch',
      args: 'item',
      retries: 'launch',
      timeoutMs: 'item',
      priority: 'platform',
    });
  });

  it('takes a field that is absent or undefined for not given', () => {
    const { effective, sources } = mergeSettings(platform, {
      launch: { retries: 2 },
      item: { retries: undefined } as never,
    });
    expect(effective.retries.max).toBe(2);
    expect(sources.retries).toBe('launch');
  });
});
