"""Runs for two minutes and says each second how far it is: for watching a live log, and for trying cancel and time-outs.

Arguments:  [SECONDS]  default 120
pyFiles:    none
Output:     "  1 of 120 s ( 1%)" to "120 of 120 s (100%)", then "done"
"""

import sys
import time


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    started = time.monotonic()
    for second in range(1, seconds + 1):
        time.sleep(max(0.0, started + second - time.monotonic()))
        print(f"{second:3d} of {seconds} s ({second / seconds:3.0%})", flush=True)
    print("done")


if __name__ == "__main__":
    main()
