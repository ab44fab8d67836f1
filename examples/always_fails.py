"""Always fails, with a chained Python traceback: for looking at failures.

Arguments:  none
pyFiles:    none
Output:     "reading 3 rows", then a traceback that ends in
            RuntimeError: row 3 cannot be used
            caused by ValueError: invalid literal for int() with base 10: 'twelve' (exit code 1)
"""

ROWS = ["10", "11", "twelve"]


def total(rows: list[str]) -> int:
    result = 0
    for number, text in enumerate(rows, start=1):
        try:
            result += int(text)
        except ValueError as error:
            raise RuntimeError(f"row {number} cannot be used") from error
    return result


if __name__ == "__main__":
    print(f"reading {len(ROWS)} rows", flush=True)
    print(total(ROWS))
