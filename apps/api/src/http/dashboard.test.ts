import { expect, it } from 'vitest';
import { inlineScriptHashes } from './dashboard.ts';

it('hashes inline scripts, and only those', () => {
  const html = '<script src="/theme.js"></script><script>alert(1)</script><script type="module">\nx\n</script>';
  expect(inlineScriptHashes(html)).toEqual([
    "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='",
    expect.stringMatching(/^'sha256-[\w+/]{43}='$/),
  ]);
});
