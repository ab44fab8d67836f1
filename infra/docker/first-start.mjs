// The service `hdfs-init` of docker-compose.yml: makes the folders that DAS and its scripts write to, and puts examples/ into the
// scripts directory the first time. What people change or delete there stays so: a marker in HDFS tells that it was done.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeDirectory, setOwner, setPermission, writeHdfsFile } from '../local/src/webhdfs-write.ts';

/** HDFS leaves its safe mode some seconds after the DataNode is there. */
const DEADLINE_MS = 180_000;
const { HDFS_URL: url, HDFS_USER: user, HDFS_SUPERUSER: superuser, HDFS_SCRIPTS_DIR: scripts } = process.env;
for (const [name, value] of Object.entries({
  HDFS_URL: url,
  HDFS_USER: user,
  HDFS_SUPERUSER: superuser,
  HDFS_SCRIPTS_DIR: scripts,
})) {
  if (!value) throw new Error(`${name} is not set`);
}
const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const home = `/user/${user}`;
const marker = `${home}/.das-examples`;

await untilDone(makeFolders);
if (await exists(marker)) console.log('The examples were put into HDFS before.');
else console.log(`${await uploadExamples()} files put into ${scripts}`);

async function makeFolders() {
  const target = { url, user: superuser };
  await makeDirectory(target, '/tmp', '1777');
  await setPermission(target, '/tmp', '1777'); // MKDIRS leaves the mode of what is there
  // The project's folder too: its scripts write their results beside the scripts directory.
  const project = dirname(scripts);
  for (const directory of project === '/' ? [home, scripts] : [home, project, scripts]) {
    await makeDirectory(target, directory);
    await setOwner(target, directory, user);
  }
}

async function uploadExamples() {
  const target = { url, user };
  const entries = await readdir(examples, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files) await writeHdfsFile(target, `${scripts}/${relative(examples, file)}`, await readFile(file));
  await writeHdfsFile(target, marker, new Uint8Array());
  return files.length;
}

async function exists(path) {
  const address = `${url}/webhdfs/v1${path}?op=GETFILESTATUS&user.name=${user}`;
  const { ok, status } = await fetch(address, { signal: AbortSignal.timeout(10_000) });
  if (!ok && status !== 404) throw new Error(`WebHDFS ${status} for ${path}`);
  return ok;
}

async function untilDone(step) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(1000);
    }
  }
}
