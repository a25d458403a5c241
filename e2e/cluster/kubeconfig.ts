import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { KeyPair } from './authority.ts';

/** Writes a kubeconfig, self-contained, for one user of one server; returns its path. */
export async function writeKubeconfig(
  path: string,
  { server, ca, user, pair }: { server: string; ca: string; user: string; pair: KeyPair },
): Promise<string> {
  const base64 = async (file: string): Promise<string> => (await readFile(file)).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'outrigger', cluster: { server, 'certificate-authority-data': await base64(ca) } }],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': await base64(pair.cert),
          'client-key-data': await base64(pair.key),
        },
      },
    ],
    contexts: [{ name: 'outrigger', context: { cluster: 'outrigger', user } }],
    'current-context': 'outrigger',
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
  return path;
}
