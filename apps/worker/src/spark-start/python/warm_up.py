"""The session whose classes go into the archive: what most scripts touch. Argument: a folder of its own."""

import os
import sys
from urllib.request import urlopen

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

folder = sys.argv[1]
spark = SparkSession.builder.config("spark.sql.warehouse.dir", os.path.join(folder, "warehouse")).getOrCreate()
print(spark.range(1000).count())

people = spark.createDataFrame([(i, "name %d" % i, i * 1.5) for i in range(20)], ["id", "name", "amount"])
people.withColumn("group", F.col("id") % 3).groupBy("group").agg(F.sum("amount"), F.count("*")).orderBy("group").collect()
people.createOrReplaceTempView("people")
spark.sql("select name, amount from people where id > 3 order by amount desc limit 5").show()
people.join(spark.range(10), "id").select(F.upper("name"), F.current_timestamp()).toJSON().take(2)
people.select(F.udf(lambda name: name.upper())("name")).collect()

for form in ("csv", "json", "parquet"):
    place = os.path.join(folder, form)
    people.write.format(form).save(place)
    spark.read.format(form).load(place).count()


def ask_the_ui():
    """As a worker does: for the application's id, and how far its jobs are."""
    context = spark.sparkContext
    for page in ("/metrics/json", "/jobs/", "/api/v1/applications/%s/jobs?status=running" % context.applicationId):
        urlopen(context.uiWebUrl + page, timeout=60).read()


def ask_hdfs():
    """Of a NameNode that is not there: all classes up to the connection."""
    java = spark._jvm
    settings = java.org.apache.hadoop.conf.Configuration(spark._jsc.hadoopConfiguration())
    settings.set("ipc.client.connect.max.retries", "0")
    java.org.apache.hadoop.fs.FileSystem.get(java.java.net.URI("hdfs://127.0.0.1:9"), settings).exists(
        java.org.apache.hadoop.fs.Path("/nothing")
    )


for ask in (ask_the_ui, ask_hdfs):
    try:
        ask()
    except Exception as error:  # an archive without these classes is still one
        print(error)

numbers = spark.sparkContext.parallelize(range(100), 2)
numbers.map(lambda number: (number % 7, number)).reduceByKey(lambda a, b: a + b).collect()
spark.sparkContext.textFile(os.path.join(folder, "csv")).flatMap(lambda line: line.split(",")).count()
spark.stop()
