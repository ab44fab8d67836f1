/**
 * Watches spark-submit's own stderr for the application id and the address of the Spark UI.
 *
 * Seen with Spark 4.3.0: the default log profile prints INFO to stderr, among it `Successfully started service 'SparkUI' on
 * port N.`; the id of an application under a local master is never logged, so the worker asks the UI for it
 * (spark-ui.ts). An operator whose log4j2 settings hide those lines loses the two, and nothing else. DAS therefore leaves
 * the log settings alone.
 */

export type Sighting = { kind: 'application'; id: string } | { kind: 'ui'; url: string };

export interface OutputObserver {
  push(chunk: Uint8Array): void;
  /** The stream is over: looks at a last line without an end. */
  end(): void;
}

export interface ObserverOptions {
  /** Host under which the UI of a driver on this machine is reached; Spark logs only its port. */
  uiHost: string;
  /** Called once for each new id or address; a script may start several contexts one after the other. */
  onSighting: (sighting: Sighting) => void;
}

const APPLICATION_ID = /\b(app-\d{14}-\d{4,}|local-\d{13}|application_\d{10,}_\d{4,})\b/;
const UI_ADDRESS = [/\bBound SparkUI to .*started at (https?:\/\/[^\s,]+)/, /\btracking URL: (https?:\/\/\S+)/i];
const UI_PORT = /Successfully started service 'SparkUI' on port (\d+)/;

/** The rest of a longer line is not looked at. */
const MAX_LINE = 16 * 1024;

export function sightingsIn(line: string, uiHost: string): Sighting[] {
  const sightings: Sighting[] = [];
  // "Submitted application: NAME" holds a name that somebody chose.
  const id = line.includes('Submitted application: ') ? undefined : APPLICATION_ID.exec(line)?.[1];
  if (id !== undefined) sightings.push({ kind: 'application', id });
  const port = UI_PORT.exec(line)?.[1];
  const url =
    port === undefined ? UI_ADDRESS.map((form) => form.exec(line)?.[1]).find(Boolean) : `http://${uiHost}:${port}`;
  if (url !== undefined) sightings.push({ kind: 'ui', url });
  return sightings;
}

export function createOutputObserver({ uiHost, onSighting }: ObserverOptions): OutputObserver {
  let pending = '';
  const last = { application: '', ui: '' };

  const look = (line: string): void => {
    for (const sighting of sightingsIn(line, uiHost)) {
      const value = sighting.kind === 'ui' ? sighting.url : sighting.id;
      if (last[sighting.kind] === value) continue;
      last[sighting.kind] = value;
      onSighting(sighting);
    }
  };
  return {
    push(chunk) {
      // What is looked for is ASCII, so a character split between chunks does no harm.
      const lines = (pending + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')).split(
        '\n',
      );
      pending = (lines.pop() ?? '').slice(0, MAX_LINE);
      lines.forEach(look);
    },
    end() {
      look(pending);
      pending = '';
    },
  };
}
