/** What is asked of a driver's UI is answered shorter than this; who answers there need not be Spark. */
const MAX_ANSWER_BYTES = 512 * 1024;

/** The answer as text; of a longer one, the beginning. */
export async function readAnswer(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}
