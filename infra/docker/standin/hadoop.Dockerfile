# Stand-in for apache/hadoop:3.4.…: HDFS 3.5.0 (NameNode, DataNode, the `hdfs` commands namenode, datanode and dfs) from the Hadoop jars
# that PySpark brings and one more of Maven's. Without YARN and without the real entry point (settings given as environment variables).
ARG BASE
FROM ${BASE} AS jars
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless python3-pip && rm -rf /var/lib/apt/lists/*
RUN pip install --quiet --no-cache-dir --break-system-packages --target /opt/python pyspark==4.3.0
RUN touch /tmp/empty.py && PYTHONPATH=/opt/python SPARK_HOME=/opt/python/pyspark /opt/python/pyspark/bin/spark-submit \
  --packages org.apache.hadoop:hadoop-client-minicluster:3.5.0 \
  --exclude-packages org.apache.hadoop:hadoop-client-api,org.apache.hadoop:hadoop-client-runtime \
  --conf spark.jars.ivy=/tmp/ivy /tmp/empty.py
# minicluster comes first in the class path, which is read in the order of names.
RUN install -d /jars && cp /tmp/ivy/jars/*minicluster*.jar /jars/0-minicluster.jar \
  && cd /opt/python/pyspark/jars && rm -f spark-* scala-* hive-* rocksdb* kubernetes-* arrow-* parquet-* breeze* && cp *.jar /jars/

FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*
COPY --from=jars /jars /opt/hadoop/jars
COPY hdfs.sh /opt/hadoop/bin/hdfs
COPY log4j2.properties /opt/hadoop/etc/hadoop/
RUN chmod 0755 /opt/hadoop/bin/hdfs && useradd --uid 1000 --create-home hadoop && chown -R hadoop: /opt/hadoop/etc
ENV HADOOP_HOME=/opt/hadoop HADOOP_CONF_DIR=/opt/hadoop/etc/hadoop PATH=/opt/hadoop/bin:$PATH
USER hadoop
WORKDIR /opt/hadoop
