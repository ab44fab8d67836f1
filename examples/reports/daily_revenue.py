"""A small report with named arguments: the revenue of each day, or of one day.

Arguments:  [--day YYYY-MM-DD] [--data DIR] [--minimum AMOUNT]
            default: all days, hdfs:///my_projects/scripts/data, 0
pyFiles:    none
Output:     without arguments:
            2026-11-01    269.90  2 orders
            2026-11-02   1279.60  3 orders
            2026-11-03    288.79  5 orders
            An unknown argument ends it with exit code 2 and a line that says so.
"""

import argparse

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Revenue by day")
    parser.add_argument("--day")
    parser.add_argument("--data", default="hdfs:///my_projects/scripts/data")
    parser.add_argument("--minimum", type=float, default=0)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    spark = SparkSession.builder.appName("daily revenue").getOrCreate()
    orders = spark.read.csv(f"{given.data}/orders.csv", header=True, schema="order_id INT, customer_id INT, day DATE, amount DECIMAL(10, 2)")
    if given.day:
        orders = orders.where(f.col("day") == f.lit(given.day).cast("date"))
    days = orders.groupBy("day").agg(f.sum("amount").alias("revenue"), f.count("*").alias("orders"))
    for row in days.where(f.col("revenue") >= given.minimum).orderBy("day").collect():
        print(f"{row['day']}  {row['revenue']:8.2f}  {row['orders']} orders")
    spark.stop()


if __name__ == "__main__":
    main()
