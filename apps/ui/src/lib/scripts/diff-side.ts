/** One side of a comparison. */
export type DiffSide = {
  /** What it is, for its heading and for screen readers: `Accepted 2 h ago`. */
  title: string;
  content: string;
  language: 'python' | 'text';
};
