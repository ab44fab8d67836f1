import { asApiError } from '../api/error.ts';

type Action = { label: string; onClick: () => void };

/** A toast; sonner loads with the first one. */
export const notify = {
  async success(message: string, description?: string, action?: Action): Promise<void> {
    const { toast } = await import('svelte-sonner');
    toast.success(message, { ...(description ? { description } : {}), ...(action ? { action } : {}) });
  },
  async failure(message: string, error: unknown): Promise<void> {
    const { toast } = await import('svelte-sonner');
    const problem = asApiError(error);
    const faults = problem.faults.map((fault) => `${fault.path}: ${fault.message}`).join(' · ');
    toast.error(message, { description: faults || problem.message, duration: 8000 });
  },
};
