/** Whether this browser may call the API: turns `signedOut` at the first 401. */
class Session {
  signedOut = $state(false);
  /** It was opened here with a token, so there is something to sign out of. */
  opened = $state(false);

  constructor() {
    try {
      this.opened = localStorage.getItem('das.session') === 'open';
    } catch {
      // No storage: the sign-out button is then simply not offered.
    }
  }

  signedIn(): void {
    this.signedOut = false;
    this.#remember(true);
  }

  leave(): void {
    this.signedOut = true;
    this.#remember(false);
  }

  #remember(opened: boolean): void {
    this.opened = opened;
    try {
      if (opened) localStorage.setItem('das.session', 'open');
      else localStorage.removeItem('das.session');
    } catch {
      // See the constructor.
    }
  }
}

export const session = new Session();
