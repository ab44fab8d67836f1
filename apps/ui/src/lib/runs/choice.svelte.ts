/** The runs that a person ticked: a few, in the order of ticking. */
export class Choice {
  ids = $state.raw<readonly string[]>([]);

  has(id: string): boolean {
    return this.ids.includes(id);
  }

  toggle(id: string): void {
    this.ids = this.has(id) ? this.ids.filter((other) => other !== id) : [...this.ids, id];
  }

  clear(): void {
    this.ids = [];
  }
}
