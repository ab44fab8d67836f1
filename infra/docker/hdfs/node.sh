#!/bin/bash
# das-hdfs-node namenode|datanode         runs one; an empty NameNode is formatted first
# das-hdfs-node check namenode|datanode   its health: 0 when it serves
set -euo pipefail

# One page of the daemon's own web server, without curl or another JVM.
page() {
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
  cat <&3
}

format_once() {
  # The stamp comes last: what an interrupted format left is thrown away.
  [[ -e /data/formatted ]] && return
  hdfs namenode -format -force -nonInteractive
  touch /data/formatted
}

case "${1:-} ${2:-}" in
  'namenode ')
    format_once
    exec hdfs namenode
    ;;
  'datanode ')
    exec hdfs datanode
    ;;
  # Not its safe mode: that ends when the DataNode reports, which waits for this.
  'check namenode') page 9870 '/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus' | grep -q '"State" : "active"' ;;
  'check datanode') page 9864 '/jmx?qry=Hadoop:service=DataNode,name=DataNodeInfo' | grep -q 'ActorState\\":\\"RUNNING' ;;
  *)
    sed -n '2,3p' "$0" >&2
    exit 64
    ;;
esac
