"""Counts the words of a text file in HDFS and prints the ten most frequent.

Arguments:  [FILE]  default hdfs:///my_projects/scripts/data/gettysburg_address.txt
pyFiles:    none
Output:     ten lines "COUNT WORD", then the totals. For the default file:
                13 that
                11 the
                10 we
            ... and at the end: "272 words, 138 different"
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

DEFAULT_FILE = "hdfs:///my_projects/scripts/data/gettysburg_address.txt"


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else DEFAULT_FILE
    spark = SparkSession.builder.appName("word count").getOrCreate()
    words = (
        spark.read.text(path)
        .select(f.explode(f.split(f.lower("value"), r"[^\p{L}']+")).alias("word"))
        .where("word != ''")
    )
    counts = words.groupBy("word").count().cache()
    for row in counts.orderBy(f.desc("count"), "word").limit(10).collect():
        print(f"{row['count']:4d} {row['word']}")
    total = counts.agg(f.sum("count"), f.count("*")).first()
    print(f"{total[0]} words, {total[1]} different")
    spark.stop()


if __name__ == "__main__":
    main()
