import { ScanNow } from '../scripts/scan-now.svelte.ts';
import { notify } from '../ui/notify.ts';

/** "Scan now" from anywhere: what it found is said in a toast. */
export async function scanWithToast(): Promise<void> {
  const scanning = new ScanNow();
  await scanning.start();
  const { scan, error } = scanning;
  if (error || !scan || scan.state === 'failed') {
    await notify.failure(
      'The scan failed',
      error ?? new Error(scan?.errors?.[0]?.message ?? 'See System for the cause.'),
    );
    return;
  }
  const news = [
    [scan.added.length, 'added'],
    [scan.changed.length, 'changed'],
    [scan.missing.length, 'missing'],
  ] as const;
  const told = news
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count}${count >= 1000 ? '+' : ''} ${word}`);
  await notify.success(`${scan.found} scripts found`, told.join(', ') || 'Nothing is new.');
}
