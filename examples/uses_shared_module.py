"""Imports a module of the team's own, in the driver and in the tasks.

Arguments:  none
pyFiles:    /my_projects/scripts/shared/money.py   (without it: ModuleNotFoundError: No module named 'money')
Output:     driver: 1,190.00 EUR
            tasks: 11.90 EUR, 23.80 EUR, 35.70 EUR
"""

from money import pretty, with_tax
from pyspark.sql import SparkSession


def main() -> None:
    spark = SparkSession.builder.appName("uses a shared module").getOrCreate()
    print(f"driver: {pretty(with_tax('1000', 19))}")
    prices = spark.sparkContext.parallelize(["10", "20", "30"], 1).map(lambda net: pretty(with_tax(net, 19))).collect()
    print(f"tasks: {', '.join(prices)}")
    spark.stop()


if __name__ == "__main__":
    main()
