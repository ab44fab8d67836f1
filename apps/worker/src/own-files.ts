import { fileURLToPath } from 'node:url';

/** The path of a file in src that is no module: the same from src and from dist, where all modules are one file. */
export function ownFile(path: string): string {
  return fileURLToPath(new URL(`../src/${path}`, import.meta.url));
}
