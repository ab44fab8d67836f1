export type FileKind = 'script' | 'archive' | 'file';

/** What a file in HDFS is to DAS, by its name. Pure. */
export function fileKind(path: string): FileKind {
  if (path.endsWith('.py')) return 'script';
  return /\.(zip|egg)$/.test(path) ? 'archive' : 'file';
}
