/** `read`, asked at most every `maxAgeMs` however many want to know; who comes while it is asked shares the answer. */
export function recent<T>(maxAgeMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | null = null;
  return () => {
    if (last && performance.now() - last.at < maxAgeMs) return last.answer;
    const answer = read();
    const asked = { at: performance.now(), answer };
    last = asked;
    // A failure is not remembered.
    answer.catch(() => {
      if (last === asked) last = null;
    });
    return answer;
  };
}
