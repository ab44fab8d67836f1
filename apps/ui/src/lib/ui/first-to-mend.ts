/** The first control of a form at which something is wrong: one marked so, or the one above which a fault is told. */
export function firstToMend(form: ParentNode): HTMLElement | null {
  const found = form.querySelector<HTMLElement>('[aria-invalid="true"], p[role="alert"]');
  if (!found?.matches('p')) return found;
  return found.parentElement?.querySelector<HTMLElement>('input, textarea, select, button') ?? null;
}
