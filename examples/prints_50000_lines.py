"""Prints many lines, quickly: for trying the log view. Uses no Spark session.

Arguments:  [LINES]  default 50000
pyFiles:    none
Output:     "line 1 of 50000" to "line 50000 of 50000"; every 10000th line goes to standard error
"""

import sys


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    for number in range(1, lines + 1):
        if number % 10_000 == 0:
            sys.stdout.flush()
            print(f"line {number} of {lines}", file=sys.stderr, flush=True)
        else:
            print(f"line {number} of {lines}")


if __name__ == "__main__":
    main()
