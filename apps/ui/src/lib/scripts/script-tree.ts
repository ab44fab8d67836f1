/** What a tree is made of: a file in its directory. */
export type Leaf = { readonly path: string; readonly name: string; readonly directories: readonly string[] };

export type DirectoryRow = {
  kind: 'directory';
  key: string;
  /** The directory itself: `/projects/scripts/team/reports`. */
  path: string;
  /** Below its parent row; a chain of directories that hold nothing else is one row: `team/reports`. */
  name: string;
  depth: number;
  /** Its scripts are those from here … */
  from: number;
  /** … up to here (exclusive) of the leaves. */
  to: number;
  collapsed: boolean;
};
export type ScriptRow<L> = { kind: 'script'; key: string; depth: number; script: L; at: number };
export type TreeRow<L> = DirectoryRow | ScriptRow<L>;

/** Sorts as a tree shows it: by directory, those before the files beside them. */
export function treeOrder(path: string): string {
  const parts = path.split('/').slice(1);
  const name = parts.pop() ?? '';
  return `${parts.map((part) => `\u0001${part}\u0000`).join('')}\u0002${name}`;
}

/**
 * The rows of a tree over `leaves`, which are in {@link treeOrder}. The directories that all of them lie in are no rows, nor is
 * `root`, of which they may all lie in one part.
 */
export function treeRows<L extends Leaf>(
  leaves: readonly L[],
  root: string,
  isCollapsed: (path: string) => boolean,
): TreeRow<L>[] {
  const rows: TreeRow<L>[] = [];
  if (leaves.length > 0) addRange(rows, leaves, { from: 0, to: leaves.length, level: startLevel(leaves, root), depth: 0 }, isCollapsed); // prettier-ignore
  return rows;
}

type Range = { from: number; to: number; level: number; depth: number };

function addRange<L extends Leaf>(
  rows: TreeRow<L>[],
  leaves: readonly L[],
  { from, to, level, depth }: Range,
  isCollapsed: (path: string) => boolean,
): void {
  let at = from;
  while (at < to) {
    const leaf = leaves[at] as L;
    if (leaf.directories.length <= level) {
      rows.push({ kind: 'script', key: leaf.path, depth, script: leaf, at });
      at += 1;
      continue;
    }
    const end = endOf(leaves, at, to, level);
    const below = chainEnd(leaf, leaves[end - 1] as L, level);
    const path = `/${leaf.directories.slice(0, below).join('/')}`;
    const collapsed = isCollapsed(path);
    const name = leaf.directories.slice(level, below).join('/');
    rows.push({ kind: 'directory', key: `d:${path}`, path, name, depth, from: at, to: end, collapsed });
    if (!collapsed) addRange(rows, leaves, { from: at, to: end, level: below, depth: depth + 1 }, isCollapsed);
    at = end;
  }
}

/** Where the directory that `leaves[at]` lies in at `level` ends. */
function endOf(leaves: readonly Leaf[], at: number, to: number, level: number): number {
  const name = leaves[at]?.directories[level];
  let end = at + 1;
  while (end < to && leaves[end]?.directories[level] === name) end += 1;
  return end;
}

/** How deep the first and the last of a directory, and so all of it, lie in the same one. */
function chainEnd(first: Leaf, last: Leaf, level: number): number {
  let below = level + 1;
  while (first.directories[below] !== undefined && first.directories[below] === last.directories[below]) below += 1;
  return below;
}

function startLevel(leaves: readonly Leaf[], root: string): number {
  const [first, last] = [leaves[0], leaves.at(-1)] as [Leaf, Leaf];
  const shared = chainEnd(first, last, -1);
  const rootParts = root.split('/').slice(1);
  const isInRoot = rootParts.every(
    (part, index) => first.directories[index] === part && last.directories[index] === part,
  );
  return isInRoot && root ? rootParts.length : Math.max(0, shared);
}
