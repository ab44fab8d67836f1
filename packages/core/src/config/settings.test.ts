import { describe, expect, it } from 'vitest';
import { maskUri } from './secrets.ts';
import { API_SETTINGS, InvalidSettings, loadSettings, SETTINGS, WORKER_SETTINGS } from './settings.ts';

describe('settings', () => {
  it('have the defaults of the design', () => {
    expect(loadSettings(API_SETTINGS, {})).toMatchObject({
      HDFS_URL: ['http://localhost:9870'], HDFS_SCRIPTS_DIR: '/my_projects/scripts', MONGODB_DATABASE: 'project',
      MONGODB_COLLECTION: 'sample', API_HOST: '127.0.0.1', API_PORT: 8080, SCAN_INTERVAL_MS: 60_000, LOG_FILE: 'logfile.log',
    }); // prettier-ignore
    expect(loadSettings(WORKER_SETTINGS, {})).toMatchObject({
      LEASE_MS: 15_000,
      SPARK_SUBMIT: 'spark-submit',
      KILL_GRACE_MS: 10_000,
    });
  });

  it('tell all faults at once', () => {
    const env = { HDFS_URL: 'hdfs://x', MONGODB_URI: 'http://x', API_PORT: '99999', LOG_LEVEL: 'loud', LEASE_MS: '-1' };
    expect(() => loadSettings(API_SETTINGS, env)).toThrow(InvalidSettings);
    try {
      loadSettings(API_SETTINGS, env);
    } catch (error) {
      const { faults } = error as InvalidSettings;
      expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual(Object.keys(env).sort());
    }
  });

  it('take no time that a timer cannot wait, and no time-out that ends a run at once', () => {
    for (const value of ['2592000000', '0'])
      expect(() => loadSettings(['RUN_TIMEOUT_MS'], { RUN_TIMEOUT_MS: value })).toThrow(/RUN_TIMEOUT_MS/);
    expect(() => loadSettings(['SCAN_INTERVAL_MS'], { SCAN_INTERVAL_MS: '2592000000' })).toThrow(/SCAN_INTERVAL_MS/);
    expect(loadSettings(['RUN_TIMEOUT_MS'], { RUN_TIMEOUT_MS: '86400000' })).toEqual({ RUN_TIMEOUT_MS: 86_400_000 });
  });

  it('take an empty value for none, but an empty LOG_FILE for console only', () => {
    expect(loadSettings(['HDFS_USER', 'LOG_FILE'], { HDFS_USER: '', LOG_FILE: '' })).toMatchObject({
      HDFS_USER: expect.stringMatching(/./), LOG_FILE: '',
    }); // prettier-ignore
  });

  it('split lists', () => {
    const settings = loadSettings(['HDFS_URL', 'SPARK_CONF_ALLOW'], {
      HDFS_URL: 'http://a:1, http://b:2',
      SPARK_CONF_ALLOW: 'spark.x , spark.y',
    });
    expect(settings).toEqual({ HDFS_URL: ['http://a:1', 'http://b:2'], SPARK_CONF_ALLOW: ['spark.x', 'spark.y'] });
  });

  it('are each described', () => {
    for (const [name, [, description]] of Object.entries(SETTINGS)) expect(description, name).toMatch(/\w{3}/);
  });
});

it('masks passwords in URIs', () => {
  expect(maskUri('mongodb://das:s3cret@h:1/?a=b and redis://:pw@h')).toBe(
    'mongodb://das:***@h:1/?a=b and redis://:***@h',
  );
  expect(maskUri('http://localhost:9870/x@y')).toBe('http://localhost:9870/x@y');
});
