import type { RerunChange } from './advice.ts';

/** Which dialog of a run's page is open. */
export class RunDialogs {
  open = $state.raw<{ name: 'cancel' } | { name: 'rerun'; change: RerunChange } | null>(null);

  cancel = (): void => {
    this.open = { name: 'cancel' };
  };

  /** With what is to be different, filled in. */
  rerun = (change: RerunChange = {}): void => {
    this.open = { name: 'rerun', change };
  };

  close = (): void => {
    this.open = null;
  };
}
