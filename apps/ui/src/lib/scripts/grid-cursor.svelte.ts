import { tick } from 'svelte';

type Bounds = {
  rows: () => number;
  /** Of its cells which one is the newest run's: the column where one enters. */
  columns: number;
  page: () => number;
  /** Brings a row into sight, so that its cells are in the page. */
  reveal: (row: number) => void;
  focus: (row: number, column: number) => void;
};

/** The cell that the keyboard is on; column 0 is the script's name. Moves as WAI-ARIA's grid pattern says. */
export class GridCursor {
  row = $state(0);
  column = $state(0);
  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  rest(row: number, column: number): void {
    this.row = row;
    this.column = column;
  }

  /** True where the key was for the grid. */
  press({ key, ctrlKey }: KeyboardEvent): boolean {
    const { columns, rows, page } = this.#bounds;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [this.row + 1, this.column],
      ArrowUp: [this.row - 1, this.column],
      ArrowRight: [this.row, this.column + 1],
      ArrowLeft: [this.row, this.column - 1],
      PageDown: [this.row + page(), this.column],
      PageUp: [this.row - page(), this.column],
      Home: [ctrlKey ? 0 : this.row, 0],
      End: [ctrlKey ? rows() - 1 : this.row, columns],
    };
    const to = moves[key];
    if (!to) return false;
    void this.go(...to);
    return true;
  }

  async go(row: number, column: number): Promise<void> {
    const { rows, columns, reveal, focus } = this.#bounds;
    this.row = Math.max(0, Math.min(row, rows() - 1));
    this.column = Math.max(0, Math.min(column, columns));
    reveal(this.row);
    await tick();
    focus(this.row, this.column);
  }
}
