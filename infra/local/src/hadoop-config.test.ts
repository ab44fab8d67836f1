import { expect, test } from 'vitest';
import { configurationXml, hadoopSites } from './hadoop-config.ts';

test('names and values are escaped', () => {
  expect(configurationXml({ 'a.b': '<x> & "y"' })).toContain(
    '<property><name>a.b</name><value>&lt;x&gt; &amp; "y"</value></property>',
  );
});

test('everything listens on loopback, with the CSRF guard on', () => {
  const { coreSite, hdfsSite } = hadoopSites('/data/my home', { http: 9870, rpc: 9000 });
  expect(coreSite).toContain('<value>hdfs://127.0.0.1:9000</value>');
  expect(hdfsSite).toContain('<name>dfs.namenode.http-address</name><value>127.0.0.1:9870</value>');
  expect(hdfsSite).toContain('<name>dfs.webhdfs.rest-csrf.enabled</name><value>true</value>');
  expect(hdfsSite).toContain('<value>file:///data/my%20home/name</value>');
  expect(coreSite + hdfsSite).not.toContain('0.0.0.0');
});
