import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { CryptoProvider } from '#contracts/crypto.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { resources } from '#kit/kube/resource.ts';
import { type KeyForm, parseKey } from './local-key.ts';
import { localProvider } from './local-provider.ts';

export const component = defineComponent({
  type: 'crypto.dapr.kubernetes.secrets',
  versions: ['v1'],
  title: 'Kubernetes Secrets',
  description:
    'Takes keys from values of Secrets: `namespace/secret/key`, or `secret/key`. They may be JWKs, PEM, or the bytes of symmetric keys. A changed Secret counts from its next use.',
  settings: z.object({
    defaultNamespace: text('Namespace of keys that name none.').default(''),
    kubeconfigPath: text('Kubeconfig of the API server; not needed in a pod.').default(''),
  }),
  open: async ({ defaultNamespace, kubeconfigPath }, { env }) => {
    const { connectKube, inClusterFirst } = await import('#kit/kube/connect.ts');
    const { kubeClient } = await import('#kit/kube/client.ts');
    const connection = await connectKube({ order: inClusterFirst, kubeconfig: kubeconfigPath, env });
    return vaultOn(kubeClient(connection), defaultNamespace);
  },
});

type Secret = { type?: string; data?: Record<string, string> | null };

const forms: Readonly<Record<string, KeyForm>> = {
  'application/json': 'jwk',
  'application/x-pem-file': 'pem',
  'application/pkcs8': 'pem',
};

/** The vault over a client, which it owns. */
export function vaultOn(client: KubeClient, defaultNamespace: string): CryptoProvider {
  return localProvider(
    async (keyName, signal) => {
      const { namespace, name, key } = placeOf(keyName, defaultNamespace);
      const { type = '', data } = await client.get<Secret>(resources.secrets, { namespace, name }, signal);
      const value = data?.[key];
      if (!value) throw fault('not-found', `key ${keyName}: Secret ${namespace}/${name} has no value "${key}"`);
      return parseKey(Buffer.from(value, 'base64'), forms[type]);
    },
    async () => client[Symbol.dispose](),
  );
}

function placeOf(keyName: string, defaultNamespace: string): { namespace: string; name: string; key: string } {
  const parts = keyName.split('/');
  const [namespace, name, key] = parts.length === 2 ? [defaultNamespace, ...parts] : parts;
  if (parts.length < 2 || parts.length > 3 || !name || !key)
    throw fault('bad-request', `key ${keyName}: it must be named as namespace/secret/key or secret/key`);
  if (!namespace)
    throw fault('bad-request', `key ${keyName}: name its namespace, or set defaultNamespace of the component`);
  return { namespace, name, key };
}
