"""Übersicht über Größen: a script whose name, arguments and output are not ASCII.

Arguments:  [NAME]  whom to greet, default Zoë
pyFiles:    none
Output:     Grüße an Zoë
            größe │ menge
            groß  │ 2 ██
            klein │ 3 ███
            мини  │ 1 █
            日本 ✓ 🚀
"""

import sys

from pyspark.sql import SparkSession


def main() -> None:
    print(f"Grüße an {sys.argv[1] if len(sys.argv) > 1 else 'Zoë'}")
    spark = SparkSession.builder.appName("größe übersicht").getOrCreate()
    sizes = spark.createDataFrame([(s,) for s in ["klein", "groß", "klein", "мини", "groß", "klein"]], ["größe"])
    print("größe │ menge")
    for row in sizes.groupBy("größe").count().orderBy("größe").collect():
        print(f"{row['größe']:5} │ {row['count']} {'█' * row['count']}")
    print("日本 ✓ 🚀")
    spark.stop()


if __name__ == "__main__":
    main()
