import type { Readiness } from '@das/contracts/system';

export type Part = Exclude<keyof Readiness, 'status'>;

const UNREACHABLE =
  /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|ECONNRESET|no answer|timed out|Server selection|connect/i;

/** What each failure says, and the command or setting that mends it; the first that fits, else the last. */
const FIXES: Record<Part, [RegExp, string][]> = {
  mongodb: [
    [
      /replica ?set|standalone|Transaction numbers/i,
      'It is a standalone. Start it with --replSet rs0 and call rs.initiate() once: one node will do.',
    ],
    [/auth|not authorized|command .* requires/i, 'It refuses the user or the password: check those in MONGODB_URI.'],
    [
      UNREACHABLE,
      'Nobody answers at MONGODB_URI. Start mongod (as a replica set; one node will do), or set MONGODB_URI.',
    ],
    [/./, 'Check MONGODB_URI and the log of MongoDB. Nothing works without it; nothing is lost.'],
  ],
  redis: [
    [/NOAUTH|WRONGPASS|NOPERM/i, 'It refuses the password: check the one in REDIS_URL.'],
    [/READONLY/i, 'It is a replica: set REDIS_URL to the primary.'],
    [
      /OOM|MISCONF|noeviction/i,
      'It has no room to write: raise maxmemory, or free its disk. maxmemory-policy must be noeviction.',
    ],
    [/./, 'Start redis-server, or set REDIS_URL. Until then runs are accepted and wait; nothing is lost.'],
  ],
  hdfs: [
    [/safe ?mode/i, 'The NameNode is in safe mode: wait for its blocks, or hdfs dfsadmin -safemode leave.'],
    [
      /permission|access ?control|denied|403/i,
      'It refuses the user: set HDFS_USER, or hdfs dfs -chmod the scripts directory.',
    ],
    [/standby/i, 'This NameNode is on standby: name all of them in HDFS_URL, with commas.'],
    [
      /404|FileNotFound|not found/i,
      'It answers, but not as WebHDFS: set HDFS_URL to the HTTP address (port 9870; Hadoop 2: 50070), and dfs.webhdfs.enabled=true.',
    ],
    [
      /./,
      'Start the NameNode (hdfs --daemon start namenode), or set HDFS_URL to its WebHDFS address. What was stored before still runs.',
    ],
  ],
  spark: [
    [
      /no active worker|no worker/i,
      'No worker takes runs: start one (npm start brings one). Workers look for SPARK_SUBMIT when they start.',
    ],
    [/ENOENT|not found|EACCES/i, 'Install Spark on the workers, or set SPARK_SUBMIT to the path of spark-submit.'],
    [/./, "Look at Workers, and at a worker's log; SPARK_SUBMIT is the path of spark-submit there."],
  ],
};

/** The fix for what a part answered, in words that name the command or the setting. */
export function fixFor(part: Part, error: string): string {
  return FIXES[part].find(([says]) => says.test(error))?.[1] ?? FIXES[part].at(-1)?.[1] ?? '';
}
