/**
 * Bytes (0–3) at the end of `bytes` that begin a UTF-8 character whose rest has not come. Bytes that can never become a
 * character count as complete: whoever decodes replaces them.
 */
export function incompleteTail(bytes: Uint8Array): number {
  const lowest = Math.max(0, bytes.length - 3);
  for (let i = bytes.length - 1; i >= lowest; i--) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return bytes.length - i < characterLength(byte) ? bytes.length - i : 0;
  }
  return 0;
}

/** Bytes (0–3) at the beginning that continue a character whose first byte was cut off. */
export function continuationHead(bytes: Uint8Array): number {
  let count = 0;
  while (count < 3 && count < bytes.length && ((bytes[count] ?? 0) & 0xc0) === 0x80) count++;
  return count;
}

function characterLength(firstByte: number): number {
  if (firstByte >= 0xf8) return 1;
  if (firstByte >= 0xf0) return 4;
  return firstByte >= 0xe0 ? 3 : 2;
}
