import { remember, remembered } from '../ui/remembered.ts';

/** Whether this browser may call the API: turns `signedOut` at the first 401. */
class Session {
  signedOut = $state(false);
  /** It was opened here with a token, so there is something to sign out of. Not known (nor offered) where nothing can be stored. */
  opened = $state(remembered('das.session') === 'open');

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
    remember('das.session', opened ? 'open' : null);
  }
}

export const session = new Session();
