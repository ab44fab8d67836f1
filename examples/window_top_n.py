"""Ranks the largest orders of each country with a window function and keeps the first N.

Arguments:  [N] [DATA_DIR]  default 1 and hdfs:///my_projects/scripts/data
pyFiles:    none
Output:     for N = 1:
            DE #1 order 1005: 1200.00 (85% of the country)
            FR #1 order 1004: 74.50 (74% of the country)
            NG #1 order 1006: 33.30 (100% of the country)
            SE #1 order 1002: 250.00 (83% of the country)
"""

import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as f


def main() -> None:
    top = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    data = sys.argv[2] if len(sys.argv) > 2 else "hdfs:///my_projects/scripts/data"
    spark = SparkSession.builder.appName("top orders").getOrCreate()
    orders = spark.read.csv(f"{data}/orders.csv", header=True, schema="order_id INT, customer_id INT, day DATE, amount DECIMAL(10, 2)")
    customers = spark.read.csv(f"{data}/customers.csv", header=True, schema="customer_id INT, name STRING, country STRING")

    country = Window.partitionBy("country")
    ranked = (
        orders.join(customers, "customer_id")
        .withColumn("place", f.row_number().over(country.orderBy(f.desc("amount"))))
        .withColumn("share", f.col("amount") / f.sum("amount").over(country))
        .where(f.col("place") <= top)
        .orderBy("country", "place")
    )
    for row in ranked.collect():
        print(f"{row['country']} #{row['place']} order {row['order_id']}: {row['amount']} ({row['share']:.0%} of the country)")
    spark.stop()


if __name__ == "__main__":
    main()
