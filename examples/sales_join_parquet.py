"""Joins orders with customers, adds up the sales of each country, writes them to HDFS as Parquet and reads them back.

Arguments:  [DATA_DIR] [OUTPUT_DIR]
            default hdfs:///my_projects/scripts/data and hdfs:///my_projects/output/sales_by_country (replaced each time)
pyFiles:    none
Output:     wrote 4 rows to hdfs:///my_projects/output/sales_by_country
            DE  1405.00  5 orders
            SE   299.99  2 orders
            FR   100.00  2 orders
            NG    33.30  1 orders
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

DEFAULTS = ["hdfs:///my_projects/scripts/data", "hdfs:///my_projects/output/sales_by_country"]


def main() -> None:
    given = sys.argv[1:3]
    data, output = given + DEFAULTS[len(given) :]
    spark = SparkSession.builder.appName("sales by country").getOrCreate()
    orders = spark.read.csv(f"{data}/orders.csv", header=True, schema="order_id INT, customer_id INT, day DATE, amount DECIMAL(10, 2)")
    customers = spark.read.csv(f"{data}/customers.csv", header=True, schema="customer_id INT, name STRING, country STRING")

    sales = orders.join(customers, "customer_id").groupBy("country").agg(
        f.sum("amount").alias("sales"), f.count("*").alias("orders")
    )
    sales.coalesce(1).write.mode("overwrite").parquet(output)

    stored = spark.read.parquet(output).orderBy(f.desc("sales")).collect()
    print(f"wrote {len(stored)} rows to {output}")
    for row in stored:
        print(f"{row['country']}  {row['sales']:7.2f}  {row['orders']} orders")
    spark.stop()


if __name__ == "__main__":
    main()
