/** The scripts that a launch dialog is open for, wherever one is. */
class Launching {
  paths = $state.raw<string[] | null>(null);

  begin(paths: string[]): void {
    this.paths = paths;
  }

  end(): void {
    this.paths = null;
  }
}

export const launching = new Launching();
