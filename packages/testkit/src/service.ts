import type { Stack } from './stack.ts';

export type Service = 'mongodb' | 'redis' | 'hdfs';
/** What of the stack was started here, and its end; `close` fails if something still lives. */
export interface Started {
  addresses: Partial<Pick<Stack, 'mongodbUri' | 'redisUrl' | 'hdfsUrl' | 'hdfsRpcUrl'>>;
  close: () => Promise<void>;
}
