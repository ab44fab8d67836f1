"""Fails in its first two attempts and succeeds in the third: for trying retries.

Arguments:  [FAILURES]  how many attempts fail, default 2; give the run at least as many retries
pyFiles:    none
Output:     attempts 1 and 2: "attempt N of this run", then a ConnectionError with its traceback (exit code 1)
            attempt 3:        "attempt 3 of this run", "the source answers again"
"""

import os
import sys


def main() -> None:
    failures = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    attempt = int(os.environ.get("DAS_ATTEMPT", "1"))
    print(f"attempt {attempt} of this run", flush=True)
    if attempt <= failures:
        raise ConnectionError(f"the source did not answer (attempt {attempt} of {failures} that fail)")
    print("the source answers again")


if __name__ == "__main__":
    main()
