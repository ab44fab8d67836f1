"""Prints its arguments and what DAS told it, exactly as they came in. Uses no Spark session.

Arguments:  any
pyFiles:    none
Output:     one line "argument N: ..." for each (as JSON), then one for each DAS_ variable; without arguments "no arguments"
"""

import json
import os
import sys


def main() -> None:
    for number, argument in enumerate(sys.argv[1:], start=1):
        print(f"argument {number}: {json.dumps(argument, ensure_ascii=False)}")
    if len(sys.argv) == 1:
        print("no arguments")
    for name in sorted(os.environ):
        if name.startswith("DAS_"):
            print(f"{name}={os.environ[name]}")


if __name__ == "__main__":
    main()
