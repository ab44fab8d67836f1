import type { WaitingReason } from '@das/contracts/states';

const FIRST = 1;

/** What shortens a wait, and the page that shows more of it. Reasons may grow. */
export function whatWouldHelp(reason: WaitingReason, priority: number): { text: string; page: '/workers' | '/system' } {
  switch (reason) {
    case 'no_worker':
      return { text: 'start a worker; it takes the run at once.', page: '/workers' };
    case 'workers_busy':
      return {
        text: `another worker or more places on one (WORKER_CONCURRENCY)${priority > FIRST ? `, or a priority before ${priority}` : ''}.`,
        page: '/workers',
      };
    case 'backoff':
      return { text: 'nothing: the delay is the run’s own.', page: '/workers' };
    case 'recovering':
      return { text: 'nothing: the lost attempt’s lease has to end first.', page: '/workers' };
    case 'queue_unavailable':
      return { text: 'bring Redis back; nothing is lost.', page: '/system' };
    case 'hdfs_unavailable':
      return { text: 'bring HDFS back; nothing is lost.', page: '/system' };
    default:
      reason satisfies never;
      return { text: 'see how the services are.', page: '/system' };
  }
}
