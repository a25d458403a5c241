import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dataFolder } from '../paths.ts';
import type { CliWorld } from '../world.ts';

/** What the sidecar of an app reads where the app names nothing. */
export type DefaultFiles = { resources: string; config?: string };

/**
 * What `dapr init` left in `~/.dapr`; where it left nothing, a SQLite state store called `statestore`, kept in the data
 * folder between runs, usable by actors.
 */
export async function defaultFiles(env: CliWorld['env']): Promise<DefaultFiles> {
  const installed = path.join(env['HOME'] ?? '/', '.dapr');
  const components = path.join(installed, 'components');
  const config = path.join(installed, 'config.yaml');
  return {
    resources: existsSync(components) ? components : await writeStateStore(dataFolder(env)),
    ...(existsSync(config) && { config }),
  };
}

async function writeStateStore(folder: string): Promise<string> {
  const resources = path.join(folder, 'resources');
  await mkdir(resources, { recursive: true, mode: 0o700 });
  await writeFile(path.join(resources, 'statestore.yaml'), stateStore(path.join(folder, 'state.db')));
  return resources;
}

function stateStore(database: string): string {
  return `# Written by outrigger run for apps that name no resources.
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: statestore
spec:
  type: state.sqlite
  version: v1
  metadata:
    - name: connectionString
      value: ${JSON.stringify(database)}
    - name: actorStateStore
      value: "true"
`;
}
