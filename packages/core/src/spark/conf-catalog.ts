/**
 * The Spark settings that a request may carry: exact keys, each with the form of its value. A list of what is allowed, since
 * denying by pattern is not enough: many of Spark's other settings name classes, executables or files, and so run code.
 */

export type ConfKind =
  'memory' | 'sizeOrOff' | 'integer' | 'boolean' | 'duration' | 'fraction' | 'timeZone' | 'choice' | 'name';

export interface ConfEntry {
  key: string;
  kind: ConfKind;
  description: string;
  example: string;
  /** For `choice`. */
  choices?: readonly string[];
  /** For `integer`; default 1. */
  min?: number;
}

type Details = Omit<ConfEntry, 'key' | 'kind' | 'description' | 'example'>;

function entry(key: string, kind: ConfKind, example: string, description: string, details: Details = {}): ConfEntry {
  return { key, kind, description, example, ...details };
}

function choice(key: string, choices: readonly [string, ...string[]], description: string): ConfEntry {
  return entry(key, 'choice', choices[0], description, { choices });
}

export const CONF_CATALOG: readonly ConfEntry[] = [
  entry('spark.driver.memory', 'memory', '2g', 'Heap of the driver'),
  entry('spark.driver.memoryOverhead', 'memory', '512m', 'Memory of the driver beside its heap'),
  entry('spark.driver.memoryOverheadFactor', 'fraction', '0.1', 'The same, as a share of the heap'),
  entry('spark.driver.cores', 'integer', '1', 'Cores of the driver (cluster mode)'),
  entry('spark.driver.maxResultSize', 'memory', '1g', 'Most that collect() may bring to the driver; 0 = no limit'),
  entry('spark.executor.memory', 'memory', '2g', 'Heap of each executor'),
  entry('spark.executor.memoryOverhead', 'memory', '512m', 'Memory of each executor beside its heap'),
  entry('spark.executor.memoryOverheadFactor', 'fraction', '0.1', 'The same, as a share of the heap'),
  entry('spark.executor.pyspark.memory', 'memory', '512m', "Limit of each executor's Python processes"),
  entry('spark.executor.cores', 'integer', '2', 'Cores of each executor'),
  entry('spark.executor.instances', 'integer', '2', 'Number of executors'),
  entry('spark.cores.max', 'integer', '4', 'Cores of the whole application (standalone)'),
  entry('spark.task.cpus', 'integer', '1', 'Cores of each task'),
  entry('spark.task.maxFailures', 'integer', '4', 'Failures of one task before its job is given up'),
  entry('spark.stage.maxConsecutiveAttempts', 'integer', '4', 'Attempts at one stage before its job is given up'),
  entry('spark.speculation', 'boolean', 'true', 'Start slow tasks a second time'),
  entry('spark.locality.wait', 'duration', '3s', 'How long to wait for a place near the data'),
  entry('spark.network.timeout', 'duration', '120s', 'Default of all network time-outs'),
  choice('spark.scheduler.mode', ['FIFO', 'FAIR'], 'How the jobs of one application share it'),
  entry('spark.dynamicAllocation.enabled', 'boolean', 'true', 'Let the number of executors follow the work'),
  entry('spark.dynamicAllocation.minExecutors', 'integer', '0', 'Fewest executors', { min: 0 }),
  entry('spark.dynamicAllocation.initialExecutors', 'integer', '1', 'Executors at the start', { min: 0 }),
  entry('spark.dynamicAllocation.maxExecutors', 'integer', '8', 'Most executors'),
  entry('spark.dynamicAllocation.executorIdleTimeout', 'duration', '60s', 'When an idle executor is given back'),
  entry(
    'spark.dynamicAllocation.shuffleTracking.enabled',
    'boolean',
    'true',
    'Dynamic allocation without a shuffle service',
  ),
  entry('spark.memory.fraction', 'fraction', '0.6', 'Share of the heap for execution and storage'),
  entry('spark.memory.storageFraction', 'fraction', '0.5', 'Share of that kept for cached data'),
  entry('spark.memory.offHeap.enabled', 'boolean', 'true', 'Use memory outside the heap'),
  entry('spark.memory.offHeap.size', 'memory', '1g', 'How much of it'),
  entry('spark.python.worker.memory', 'memory', '512m', 'Memory of a Python worker before it spills to disk'),
  entry('spark.python.worker.reuse', 'boolean', 'true', 'Keep Python workers between tasks'),
  entry('spark.default.parallelism', 'integer', '8', 'Partitions of RDDs where nothing else says'),
  choice('spark.io.compression.codec', ['lz4', 'zstd', 'snappy', 'lzf'], 'Compression of shuffled and spilled data'),
  entry('spark.rdd.compress', 'boolean', 'false', 'Compress cached, serialized RDDs'),
  entry('spark.kryoserializer.buffer.max', 'memory', '64m', 'Largest object for Kryo'),
  entry('spark.sql.shuffle.partitions', 'integer', '8', 'Partitions after a join or aggregation'),
  entry('spark.sql.adaptive.enabled', 'boolean', 'true', 'Adaptive query execution'),
  entry('spark.sql.adaptive.coalescePartitions.enabled', 'boolean', 'true', 'Merge small partitions after a shuffle'),
  entry('spark.sql.adaptive.skewJoin.enabled', 'boolean', 'true', 'Split skewed partitions in joins'),
  entry(
    'spark.sql.adaptive.advisoryPartitionSizeInBytes',
    'memory',
    '64m',
    'Partition size that adaptive execution aims at',
  ),
  entry(
    'spark.sql.autoBroadcastJoinThreshold',
    'sizeOrOff',
    '10m',
    'Largest table sent whole to every executor; -1 = never',
  ),
  entry('spark.sql.adaptive.autoBroadcastJoinThreshold', 'sizeOrOff', '10m', 'The same, inside adaptive execution'),
  entry('spark.sql.broadcastTimeout', 'integer', '300', 'Seconds to wait for a broadcast'),
  entry('spark.sql.files.maxPartitionBytes', 'memory', '128m', 'Most bytes of files in one partition'),
  choice(
    'spark.sql.parquet.compression.codec',
    ['snappy', 'zstd', 'gzip', 'lz4_raw', 'none'],
    'Compression of written Parquet',
  ),
  choice(
    'spark.sql.sources.partitionOverwriteMode',
    ['static', 'dynamic'],
    'What overwriting a partitioned table replaces',
  ),
  entry('spark.sql.session.timeZone', 'timeZone', 'Europe/Berlin', 'Time zone of timestamps and dates'),
  entry('spark.sql.ansi.enabled', 'boolean', 'true', 'Errors instead of null for bad casts and overflows'),
  entry('spark.sql.caseSensitive', 'boolean', 'false', 'Column names differ by case'),
  choice(
    'spark.sql.legacy.timeParserPolicy',
    ['EXCEPTION', 'CORRECTED', 'LEGACY'],
    'How dates of old formats are read',
  ),
  entry('spark.sql.execution.arrow.pyspark.enabled', 'boolean', 'true', 'Arrow between Spark and pandas'),
  entry('spark.yarn.queue', 'name', 'default', 'YARN queue'),
];
