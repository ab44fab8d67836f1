/** The smallest of `values` that a share `q` (0–1) of them does not exceed (nearest rank); undefined of none. Pure. */
export function quantile(values: readonly number[], q: number): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)];
}
