#!/bin/bash
# The few commands of Hadoop's own bin/hdfs that the stand-in knows.
set -euo pipefail
case "${1:-}" in
  namenode) main=org.apache.hadoop.hdfs.server.namenode.NameNode ;;
  datanode) main=org.apache.hadoop.hdfs.server.datanode.DataNode ;;
  dfs) main=org.apache.hadoop.fs.FsShell ;;
  *)
    echo "hdfs namenode|datanode|dfs (a stand-in: nothing else)" >&2
    exit 64
    ;;
esac
shift
jars=$(printf '%s:' "$HADOOP_HOME"/jars/*.jar)
exec java -Xmx"${HADOOP_HEAPSIZE_MAX:-512m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true \
  -cp "$HADOOP_CONF_DIR:${jars%:}" "$main" "$@"
