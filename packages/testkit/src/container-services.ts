import type { Service, Started } from './services.ts';

/** Whether a Docker engine answers here. */
export async function dockerAnswers(): Promise<boolean> {
  return false;
}

export async function startContainers(_missing: readonly Service[]): Promise<Started> {
  throw new Error('not yet');
}
