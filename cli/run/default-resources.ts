import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes the components an app gets when it names none: a SQLite state store called `statestore`, kept in the data
 * folder between runs, usable by actors. Answers the folder.
 */
export async function writeDefaultResources(dataFolder: string): Promise<string> {
  const folder = path.join(dataFolder, 'resources');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path.join(folder, 'statestore.yaml'), stateStore(path.join(dataFolder, 'state.db')));
  return folder;
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
