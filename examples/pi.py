"""Estimates pi with random points: the classic first Spark job.

Arguments:  [POINTS]  how many points, default 200000
pyFiles:    none
Output:     Pi is roughly 3.14 (from 200000 points)
            The seeds are fixed, so the same number of points and cores gives the same estimate.
"""

import random
import sys

from pyspark.sql import SparkSession

SLICES = 4


def inside_circle(seed: int, points: int) -> int:
    rng = random.Random(seed)
    return sum(rng.random() ** 2 + rng.random() ** 2 <= 1 for _ in range(points))


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    per_slice = points // SLICES
    spark = SparkSession.builder.appName("pi").getOrCreate()
    hits = spark.sparkContext.parallelize(range(SLICES), SLICES).map(lambda seed: inside_circle(seed, per_slice)).sum()
    print(f"Pi is roughly {4 * hits / (per_slice * SLICES):.2f} (from {points} points)")
    spark.stop()


if __name__ == "__main__":
    main()
