import type { SettingsInForce } from '@das/contracts/system';
import { getSettings } from '../api/system.ts';
import { asApiError, type ApiError } from '../api/error.ts';

/** The settings in force: fetched once, when first wanted; they change only when the API starts anew. */
class Settings {
  inForce = $state.raw<SettingsInForce | null>(null);
  error = $state.raw<ApiError | null>(null);
  #loading: Promise<void> | null = null;

  /** Fetches unless it is there already; never throws. */
  load(): Promise<void> {
    if (this.inForce) return Promise.resolve();
    return (this.#loading ??= this.#fetch());
  }

  value(name: string): string | null {
    return this.inForce?.items.find((item) => item.name === name)?.value ?? null;
  }

  /** Without a trailing slash; empty until known. */
  get scriptsDirectory(): string {
    return (this.value('HDFS_SCRIPTS_DIR') ?? '').replace(/\/+$/, '');
  }

  async #fetch(): Promise<void> {
    try {
      this.inForce = await getSettings();
      this.error = null;
    } catch (error) {
      this.error = asApiError(error);
    } finally {
      this.#loading = null;
    }
  }
}

export const settings = new Settings();
