import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import { kubeClient } from '#kit/kube/client.ts';
import { connectKube, flagFirst } from '#kit/kube/connect.ts';
import { localRuns } from '../run/local-runs.ts';
import type { CliWorld } from '../world.ts';
import { clusterSettings } from './cluster.ts';
import type { Settings } from './settings.ts';

/** Where to look for what a sidecar has been given. */
export type Place = {
  appId: string;
  resourcesPath: readonly string[];
  config: readonly string[];
  kubernetes?: boolean;
  kubeconfig?: string;
  namespace: string;
};

/**
 * The settings of the app's sidecar: files that are named, the cluster where it is asked for, else the app which
 * `outrigger run` keeps up under that ID. Throws `bad-request` where both are named, `not-found` where there is none.
 */
export async function settingsAt(place: Place, world: CliWorld): Promise<Settings> {
  const { kubernetes, resourcesPath, config } = place;
  const named = resourcesPath.length + config.length > 0;
  if (kubernetes && named)
    throw fault('bad-request', '--kubernetes: give either it, or --resources-path and --config, not both');
  if (kubernetes) return inCluster(place, world);
  return named ? ofFiles(place, world) : ofRunning(place, world);
}

async function inCluster({ appId, namespace, kubeconfig = '' }: Place, { env }: CliWorld): Promise<Settings> {
  using client = kubeClient(await connectKube({ order: flagFirst, kubeconfig, env }));
  return clusterSettings(client, { appId, namespace });
}

function ofFiles({ resourcesPath, config, namespace }: Place, { cwd }: CliWorld): Settings {
  const resourcesPaths = resourcesPath.map((one) => path.resolve(cwd, one));
  const configs = config.map((one) => path.resolve(cwd, one));
  const from = [...resourcesPaths, ...configs].join(', ');
  return { from, question: { resourcesPaths, configs }, appProtocol: 'http', namespace };
}

async function ofRunning({ appId, namespace }: Place, world: CliWorld): Promise<Settings> {
  const run = (await localRuns(world).list()).find((one) => one.appId === appId);
  if (run === undefined)
    throw fault(
      'not-found',
      `no app "${appId}" runs here: start it with 'outrigger run', name its files with --resources-path and --config, or ask the cluster with --kubernetes`,
    );
  const { appProtocol, ...files } = run.files;
  const read = [...files.resourcesPaths, ...files.configs].join(', ');
  const from = `the files of the running app (pid ${run.pid}): ${read}`;
  return { from, question: files, appProtocol, namespace: files.namespace ?? namespace };
}
