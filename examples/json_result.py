"""Hands a result to DAS: JSON written to the file that $DAS_RESULT_FILE names appears as the run's result.

Arguments:  [NAME=VALUE ...]  repeated in the result
pyFiles:    none
Output:     result written: {"rows": 1000, "sum": 499500, "mean": 499.5, "arguments": {}}
            and the same as the run's result value. (Run by hand, without DAS, it is only printed.)
"""

import json
import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def main() -> None:
    spark = SparkSession.builder.appName("json result").getOrCreate()
    row = spark.range(1000).agg(f.count("*"), f.sum("id"), f.avg("id")).first()
    arguments = dict(argument.split("=", 1) for argument in sys.argv[1:])
    result = json.dumps({"rows": row[0], "sum": row[1], "mean": row[2], "arguments": arguments}, ensure_ascii=False)
    path = os.environ.get("DAS_RESULT_FILE")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write(result)
    print(f"result {'written' if path else 'not written, no DAS_RESULT_FILE'}: {result}")
    spark.stop()


if __name__ == "__main__":
    main()
