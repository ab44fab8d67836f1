"""Fails inside Spark: its SQL asks for a column that does not exist.

Arguments:  none
pyFiles:    none
Output:     a traceback that ends in pyspark's AnalysisException, [UNRESOLVED_COLUMN.WITH_SUGGESTION] ... `amont` ...
            (exit code 1; DAS calls it a spark_error)
"""

from pyspark.sql import SparkSession

if __name__ == "__main__":
    spark = SparkSession.builder.appName("unknown column").getOrCreate()
    spark.createDataFrame([(1, 9.5)], ["id", "amount"]).createOrReplaceTempView("orders")
    spark.sql("SELECT sum(amont) FROM orders").show()
