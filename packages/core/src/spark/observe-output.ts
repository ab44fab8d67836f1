/**
 * Watches spark-submit's own stderr for the application id and the address of the Spark UI.
 *
 * Seen with Spark 4.3.0: the default log profile prints INFO to stderr, among it `Successfully started service 'SparkUI' on
 * port N.`; the id of an application under a local master is logged only where its events are (`Logging events to
 * …/local-1763…`), so the worker asks the UI of a script that goes on for it (spark-ui.ts). An operator whose log4j2 settings
 * hide those lines loses the two, and nothing else. DAS therefore leaves the log settings alone.
 */

export type Sighting = { kind: 'application'; id: string } | { kind: 'ui'; url: string };

/** `_` may stand before it: a log of events that is cut into several is called `eventlog_v2_local-1763…`. */
const APPLICATION_ID = /(?<![A-Za-z0-9])(app-\d{14}-\d{4,}|local-\d{13}|application_\d{10,}_\d{4,})\b/;
const UI_ADDRESS = [/\bBound SparkUI to .*started at (https?:\/\/[^\s,]+)/, /\btracking URL: (https?:\/\/\S+)/i];
const UI_PORT = /Successfully started service 'SparkUI' on port (\d+)/;

/** What an attempt's lines tell, each once: a cluster's client repeats them every second. A script may start several contexts one after the other. */
export class Sightings {
  readonly #uiHost: string;
  readonly #last = { application: '', ui: '' };

  /** `uiHost`: where the UI of a driver on this machine is reached; Spark logs only its port. */
  constructor(uiHost: string) {
    this.#uiHost = uiHost;
  }

  /** What is new in this line. */
  in(line: string): Sighting[] {
    return sightingsIn(line, this.#uiHost).filter((sighting) => {
      const value = sighting.kind === 'ui' ? sighting.url : sighting.id;
      const isNew = this.#last[sighting.kind] !== value;
      this.#last[sighting.kind] = value;
      return isNew;
    });
  }
}

function sightingsIn(line: string, uiHost: string): Sighting[] {
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
