import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plan } from './plan.ts';
import { readState } from './state.ts';

/**
 * Ends the first process of a container by SIGKILL, as a crash would: nothing
 * inside the container could, as its init process is safe from itself.
 * `containerId` is the one of a pod's status; only for a cluster of the project.
 */
export async function killContainer(folder: string, containerId: string): Promise<void> {
  const state = await readState(folder);
  if (!state) throw new Error(`there is no cluster in ${folder} whose container could be killed`);
  const id = containerId.replace('containerd://', '');
  const tasks = join(plan(folder, state.slot).run, 'containerd/io.containerd.runtime.v2.task/k8s.io');
  process.kill(Number(await readFile(join(tasks, id, 'init.pid'), 'utf8')), 'SIGKILL');
}
