"""Fits a line through noisy points with Spark ML (needs numpy, which comes with DAS).

Arguments:  [POINTS]  default 500
pyFiles:    none
Output:     the points follow y = 3 x + 7 plus noise, so the fit finds about that:
            y = 3.0 x + 7.0
            R2 = 0.999
"""

import random
import sys

from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import LinearRegression
from pyspark.sql import SparkSession


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = random.Random(42)
    rows = [(x, 3 * x + 7 + rng.gauss(0, 0.3)) for x in (10 * i / points for i in range(points))]

    spark = SparkSession.builder.appName("linear fit").getOrCreate()
    table = VectorAssembler(inputCols=["x"], outputCol="features").transform(spark.createDataFrame(rows, ["x", "y"]))
    model = LinearRegression(labelCol="y").fit(table)
    print(f"y = {model.coefficients[0]:.1f} x + {model.intercept:.1f}")
    print(f"R2 = {model.summary.r2:.3f}")
    spark.stop()


if __name__ == "__main__":
    main()
