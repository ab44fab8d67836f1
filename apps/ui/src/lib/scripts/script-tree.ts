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

/** Consecutive rows: one directory, or scripts that lie together in one. */
type Block<L> = { first: number; directory: DirectoryRow | null; leaves: readonly L[]; from: number; depth: number };

/**
 * The rows of a tree. A directory's row is held; that of a script is made when somebody looks at it: of 20,000 fifty are in sight.
 */
export class TreeRows<L extends Leaf> {
  readonly length: number;
  readonly #blocks: readonly Block<L>[];

  constructor(blocks: readonly Block<L>[]) {
    const last = blocks.at(-1);
    this.#blocks = blocks;
    this.length = last ? last.first + (last.directory ? 1 : last.leaves.length) : 0;
  }

  at(index: number): TreeRow<L> | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    const { directory, leaves, from, first, depth } = this.#blocks[this.#blockAt(index)] as Block<L>;
    if (directory) return directory;
    const script = leaves[index - first] as L;
    return { kind: 'script', key: script.path, depth, script, at: from + index - first };
  }

  slice(from = 0, to = this.length): TreeRow<L>[] {
    const rows: TreeRow<L>[] = [];
    for (let index = Math.max(0, from); index < Math.min(to, this.length); index += 1)
      rows.push(this.at(index) as TreeRow<L>);
    return rows;
  }

  /** Where the row of this key is; -1: there is none, or it is in a collapsed directory. */
  indexOf(key: string): number {
    for (const { directory, leaves, first } of this.#blocks) {
      if (directory?.key === key) return first;
      const within = directory ? -1 : leaves.findIndex(({ path }) => path === key);
      if (within >= 0) return first + within;
    }
    return -1;
  }

  /** The directory that the row lies in; -1: it lies in none. */
  parentOf(index: number): number {
    const row = this.at(index);
    if (!row) return -1;
    const parents = this.#blocks.slice(0, this.#blockAt(index));
    return parents.findLast(({ directory, depth }) => directory && depth < row.depth)?.first ?? -1;
  }

  #blockAt(index: number): number {
    let [low, high] = [0, this.#blocks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle] as Block<L>).first <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/**
 * The rows of a tree over `leaves`, which are in {@link treeOrder}. The directories that all of them lie in are no rows, nor is
 * `root`, of which they may all lie in one part.
 */
export function treeRows<L extends Leaf>(
  leaves: readonly L[],
  root: string,
  isCollapsed: (path: string) => boolean,
): TreeRows<L> {
  const blocks: Block<L>[] = [];
  if (leaves.length > 0) addRange(blocks, leaves, { from: 0, to: leaves.length, level: startLevel(leaves, root), depth: 0, first: 0 }, isCollapsed); // prettier-ignore
  return new TreeRows(blocks);
}

/** `first`: index of its first row. */
type Range = { from: number; to: number; level: number; depth: number; first: number };

/** Answers the index of the row that follows. */
function addRange<L extends Leaf>(
  blocks: Block<L>[],
  leaves: readonly L[],
  { from, to, level, depth, first }: Range,
  isCollapsed: (path: string) => boolean,
): number {
  let [at, row] = [from, first];
  while (at < to) {
    const end = endOf(leaves, at, to, level);
    const leaf = leaves[at] as L;
    if (leaf.directories.length <= level) {
      blocks.push({ first: row, directory: null, leaves: leaves.slice(at, end), from: at, depth });
      row += end - at;
    } else {
      const below = chainEnd(leaf, leaves[end - 1] as L, level);
      const path = `/${leaf.directories.slice(0, below).join('/')}`;
      const collapsed = isCollapsed(path);
      const name = leaf.directories.slice(level, below).join('/');
      const directory: DirectoryRow = { kind: 'directory', key: `d:${path}`, path, name, depth, from: at, to: end, collapsed }; // prettier-ignore
      blocks.push({ first: row, directory, leaves: [], from: at, depth });
      row += 1;
      if (!collapsed) row = addRange(blocks, leaves, { from: at, to: end, level: below, depth: depth + 1, first: row }, isCollapsed); // prettier-ignore
    }
    at = end;
  }
  return row;
}

/** Where the directory that `leaves[at]` lies in at `level` ends, or those that lie in none there. */
function endOf(leaves: readonly Leaf[], at: number, to: number, level: number): number {
  const name = leaves[at]?.directories[level];
  const isInside = (index: number) => index < to && leaves[index]?.directories[level] === name;
  // They lie together, so not each of them is looked at: in ever longer steps beyond the end, then back to it.
  let step = 1;
  while (isInside(at + step)) step *= 2;
  let [inside, outside] = [at + Math.floor(step / 2), Math.min(at + step, to)];
  while (outside - inside > 1) {
    const middle = (inside + outside) >> 1;
    if (isInside(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
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
