export interface HadoopSites {
  coreSite: string;
  hdfsSite: string;
  log4j2: string;
}

export interface HdfsPorts {
  /** WebHDFS and the NameNode's own pages. */
  http: number;
  /** hdfs:// */
  rpc: number;
}

/** Settings of a one-node HDFS on loopback (names: Hadoop 3.5's core-default.xml and hdfs-default.xml). */
export function hadoopSites(dir: string, ports: HdfsPorts): HadoopSites {
  return {
    coreSite: configurationXml({
      'fs.defaultFS': `hdfs://127.0.0.1:${ports.rpc}`,
      'hadoop.tmp.dir': `${dir}/tmp`,
      // A DataNode that is up before its NameNode keeps knocking (ms; 60 s in all): giving up costs it a sleep of 5 s.
      'ipc.client.connect.retry.interval': '100',
      'ipc.client.connect.max.retries': '600',
    }),
    hdfsSite: configurationXml({
      'dfs.replication': '1',
      'dfs.namenode.name.dir': `file://${encodeURI(dir)}/name`,
      'dfs.datanode.data.dir': `file://${encodeURI(dir)}/data`,
      'dfs.namenode.http-address': `127.0.0.1:${ports.http}`,
      'dfs.namenode.rpc-bind-host': '127.0.0.1',
      // Nobody types the DataNode's ports: any free ones.
      'dfs.datanode.address': '127.0.0.1:0',
      'dfs.datanode.http.address': '127.0.0.1:0',
      'dfs.datanode.ipc.address': '127.0.0.1:0',
      'dfs.datanode.hostname': '127.0.0.1',
      'dfs.namenode.datanode.registration.ip-hostname-check': 'false',
      // One DataNode reports at once: no reason to stay in safe mode for the usual 30 s more.
      'dfs.namenode.safemode.extension': '0',
      'dfs.blockreport.initialDelay': '0',
      // A page in somebody's browser cannot write: WebHDFS wants X-XSRF-HEADER of whatever calls itself a browser.
      'dfs.webhdfs.rest-csrf.enabled': 'true',
    }),
    log4j2: [
      'rootLogger.level = warn',
      'rootLogger.appenderRef.stdout.ref = console',
      'appender.console.type = Console',
      'appender.console.name = console',
      'appender.console.target = SYSTEM_ERR',
      'appender.console.layout.type = PatternLayout',
      'appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %p %c{1}: %m%n%ex',
      '',
    ].join('\n'),
  };
}

export function configurationXml(settings: Record<string, string>): string {
  const properties = Object.entries(settings).map(
    ([name, value]) => `  <property><name>${escapeXml(name)}</name><value>${escapeXml(value)}</value></property>`,
  );
  return `<?xml version="1.0"?>\n<configuration>\n${properties.join('\n')}\n</configuration>\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
