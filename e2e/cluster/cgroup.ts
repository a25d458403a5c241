import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';

const top = '/sys/fs/cgroup';

/** The folders of a cluster's control group: one per controller on v1, a single one on v2. */
export async function createCgroups(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const folder = join(hierarchy, name);
    await mkdir(join(folder, 'system'), { recursive: true });
    if (hierarchy.endsWith('/cpuset')) {
      for (const child of [folder, join(folder, 'system')]) await copyCpuset(child);
    }
    if (hierarchy === top) await delegateControllers(hierarchy, folder);
  }
}

/** The folder that holds every process of the cluster, its containers included. */
export async function processCgroup(name: string): Promise<string> {
  const all = await hierarchies();
  return join(all.find((hierarchy) => hierarchy.endsWith('/pids')) ?? top, name);
}

/** Ends whatever is left in the control group, by process id, and removes it. */
export async function removeCgroups(name: string): Promise<void> {
  const own = await processCgroup(name);
  await eventually(`the last processes in ${own} to end`, async () => {
    const pids = await processesBelow(own);
    for (const pid of pids) kill(pid);
    return pids.length === 0 ? true : undefined;
  });
  // runc makes a group in the v2 tree too, where a machine mounts both.
  for (const hierarchy of [...(await hierarchies()), join(top, 'unified')]) await removeFolder(join(hierarchy, name));
}

async function hierarchies(): Promise<string[]> {
  const version2 = await readFile(join(top, 'cgroup.controllers'), 'utf8').catch(() => '');
  if (version2) return [top];
  const names = await readdir(top);
  return names.filter((name) => name !== 'unified').map((name) => join(top, name));
}

async function delegateControllers(...folders: string[]): Promise<void> {
  for (const folder of folders) {
    const controllers = (await readFile(join(folder, 'cgroup.controllers'), 'utf8')).trim().split(' ');
    await writeFile(join(folder, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
  }
}

/** On v1 a new cpuset has no processors and takes no process until it is given some. */
async function copyCpuset(folder: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(folder, file), await readFile(join(folder, '..', file), 'utf8'));
  }
}

async function processesBelow(folder: string): Promise<number[]> {
  const own = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  const pids = own.split('\n').filter(Boolean).map(Number);
  for (const child of await childrenOf(folder)) pids.push(...(await processesBelow(child)));
  return pids;
}

async function childrenOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}

async function removeFolder(folder: string): Promise<void> {
  for (const child of await childrenOf(folder)) await removeFolder(child);
  await eventually(`${folder} to be empty`, () => rmdir(folder).then(() => true as const, ignoreMissing));
}

function ignoreMissing(error: NodeJS.ErrnoException): true {
  if (error.code === 'ENOENT') return true;
  throw error;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
