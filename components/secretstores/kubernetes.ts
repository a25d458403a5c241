import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { SecretStore, SecretValues } from '#contracts/secret.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { resources } from '#kit/kube/resource.ts';

export const component = defineComponent({
  type: 'secretstores.kubernetes',
  versions: ['v1'],
  title: 'Kubernetes Secrets',
  description: "Reads Secrets with the rights of the pod's service account; each is one secret of several values.",
  settings: z.object({
    defaultNamespace: text('Namespace of Secrets, where neither the request nor NAMESPACE names one.').default(''),
    kubeconfigPath: text('Kubeconfig of the API server; not needed in a pod.').default(''),
  }),
  open: async ({ defaultNamespace, kubeconfigPath }, { env }) => {
    const { connectKube, inClusterFirst } = await import('#kit/kube/connect.ts');
    const { kubeClient } = await import('#kit/kube/client.ts');
    const connection = await connectKube({ order: inClusterFirst, kubeconfig: kubeconfigPath, env });
    return storeOn(kubeClient(connection), env['NAMESPACE'] || defaultNamespace);
  },
});

type Secret = { metadata: { name?: string }; data?: Record<string, string> | null };

/** The store over a client, which it owns. */
export function storeOn(client: KubeClient, defaultNamespace: string): SecretStore {
  const namespaceOf = (metadata: Readonly<Record<string, string>> | undefined): string => {
    const namespace = metadata?.['namespace'] || defaultNamespace;
    if (namespace) return namespace;
    throw fault(
      'bad-request',
      'the namespace of the secret is not known: give metadata namespace, or set defaultNamespace',
    );
  };
  return {
    traits: [],
    async get({ name, metadata }, signal) {
      return valuesOf(await client.get<Secret>(resources.secrets, { namespace: namespaceOf(metadata), name }, signal));
    },
    async bulkGet({ metadata }, signal) {
      const { items } = await client.list<Secret>(resources.secrets, { namespace: namespaceOf(metadata) }, signal);
      return Object.fromEntries(items.map((secret) => [secret.metadata.name ?? '', valuesOf(secret)]));
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
    },
  };
}

const valuesOf = ({ data }: Secret): SecretValues =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
