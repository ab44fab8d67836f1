import type { Stream } from '@das/contracts/states';

/** A level of log4j, java.util.logging or Python's logging, as a word of its own near the beginning of the line. */
const LEVEL = /^.{0,80}?\b(?:ERROR|FATAL|CRITICAL|SEVERE)\b/;
/** `ValueError: …`, `org.apache.spark.SparkException: …`, `Exception in thread "main" …`, also behind py4j's `: `. */
const EXCEPTION =
  /^(?:: )?(?:Exception in thread |(?:[\w$]+\.)*[A-Za-z_$][\w$]*(?:Error|Exception|Interrupt|Failure)(?::|$| \())/;
const CAUSE =
  /^\s*(?:Caused by|Suppressed): |^Driver stacktrace:|^During handling of the above exception|^The above exception was/;
const JAVA_FRAME = /^\s+(?:at [\w.$/<>@-]+\(|\.\.\. \d+ (?:more|common frames))/;
const TRACEBACK = /^\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):/;
/** A SyntaxError has frames without the line that says Traceback. */
const PYTHON_FRAME = /^\s+File ".+", line \d+/;
/** What rules out most lines at once. */
const ANY =
  /ERROR|FATAL|CRITICAL|SEVERE|Error|Exception|Interrupt|Failure|Traceback|Caused by|Suppressed|Driver stack|above exception|File "|^\s+(?:at |\.\.\. )/;
// eslint-disable-next-line no-control-regex -- colours would hide a line's beginning
const COLOUR = /\u001b\[[\d;:]*m/g;

/**
 * Tells the lines of a log that speak of an error: those logged as ERROR or worse, and exceptions of Python and Java with their
 * stack traces and causes. Warnings are none: Spark writes some for every run. Asked of the lines in order, as what a
 * traceback quotes looks like any other line; it finds its way wherever it begins, after one line that is not indented.
 */
export class ErrorLines {
  readonly #inTraceback: Record<Stream, boolean> = { stdout: false, stderr: false };

  isError(stream: Stream, line: string): boolean {
    const text = line.includes('\u001b') ? line.replace(COLOUR, '') : line;
    if (this.#inTraceback[stream]) {
      if (/^\s+\S/.test(text) || text === '') return text !== '';
      // The first line that is not indented ends it: it names the exception.
      this.#inTraceback[stream] = TRACEBACK.test(text);
      return true;
    }
    if (!ANY.test(text)) return false;
    if (TRACEBACK.test(text) || PYTHON_FRAME.test(text)) return (this.#inTraceback[stream] = true);
    return LEVEL.test(text) || EXCEPTION.test(text) || JAVA_FRAME.test(text) || CAUSE.test(text);
  }
}
