import { WAITING_REASONS, type WaitingReason } from '@das/contracts/states';
import { expect, test } from 'vitest';
import { whatWouldHelp } from './what-would-help.ts';

test.each(WAITING_REASONS)('%s: an answer', (reason) => expect(whatWouldHelp(reason, 4).text).toMatch(/\w{3}/));

test('a higher priority helps only who is not first already', () => {
  expect(whatWouldHelp('workers_busy', 4).text).toContain('a priority before 4');
  expect(whatWouldHelp('workers_busy', 1).text).not.toContain('priority');
});

test('a reason that a newer API tells gets an answer, too', () => {
  expect(whatWouldHelp('eclipse' as WaitingReason, 4).page).toBe('/system');
});
