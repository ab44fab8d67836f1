import { Binary } from 'mongodb';
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import { promisify } from 'node:util';
import type { LogChunkDocument } from './documents.ts';

/** A shorter chunk is stored as it is: it may be written again, longer, several times a second, and anyone can read it in a shell. */
const PACKED_BYTES = 32 * 1024;
/** Chunks packed at once: the threads they take are those that write the spool. */
const PACKED_AT_ONCE = 2;
/** A flood must not wait for it: 0.5 ms a chunk. */
const QUICKLY = { [constants.ZSTD_c_compressionLevel]: 1 };
/** What is left of most chunks fits in it. */
const OUTPUT_BYTES = 64 * 1024;

const compress = promisify(zstdCompress);

/** A chunk before it is stored: `data` are the log's own bytes. */
export type LogChunk = Omit<LogChunkDocument, 'packed'>;

/** As they are stored: long chunks compressed, if that saves an eighth. `length`, offsets and segments stay those of the log's own bytes. */
export async function packChunks(chunks: readonly LogChunk[]): Promise<LogChunkDocument[]> {
  const packed: LogChunkDocument[] = [...chunks];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < packed.length) {
      const index = next++;
      packed[index] = await packChunk(packed[index] as LogChunk);
    }
  };
  await Promise.all(Array.from({ length: PACKED_AT_ONCE }, lane));
  return packed;
}

async function packChunk(chunk: LogChunk): Promise<LogChunkDocument> {
  const { length } = chunk;
  if (length < PACKED_BYTES) return chunk;
  const bytes = bytesOfChunk(chunk);
  const packed = await compress(bytes, { params: QUICKLY, pledgedSrcSize: length, chunkSize: OUTPUT_BYTES });
  return packed.length > length - length / 8 ? chunk : { ...chunk, packed: 'zstd', data: new Binary(packed) };
}

/** The log's own bytes of a chunk; of one that is stored as it is without a copy. */
export function bytesOfChunk({ data: { buffer, position }, length, packed }: LogChunkDocument): Buffer {
  if (!packed) return Buffer.from(buffer.buffer, buffer.byteOffset, length);
  return zstdDecompressSync(buffer.subarray(0, position), { chunkSize: length, maxOutputLength: length });
}
