import { conversion } from '#crds/definition.ts';
import { Fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { resources } from '#kit/kube/resource.ts';
import type { Logger } from '#kit/log/logger.ts';

const name = 'subscriptions.dapr.io';
const path = '/spec/conversion/webhook/clientConfig';

type Crd = {
  spec?: {
    conversion?: { webhook?: { clientConfig?: { service?: { namespace?: string }; caBundle?: string } } };
  };
};

type Client = Pick<KubeClient, 'get' | 'patch'>;

/**
 * Tells the API server where the conversion webhook runs and by which anchors (PEM) its certificate is checked. A
 * CustomResourceDefinition that was handed back, or that never had one, is given the webhook again.
 */
export async function trustConversionWebhook(
  client: Client,
  namespace: string,
  anchorsPem: string,
  log: Logger,
): Promise<void> {
  const crd = await client.get<Crd>(resources.customResourceDefinitions, { name });
  const config = crd.spec?.conversion?.webhook?.clientConfig;
  const caBundle = Buffer.from(anchorsPem).toString('base64');
  if (!config) await addWebhook(client, namespace, caBundle);
  else if (config.service?.namespace === namespace && config.caBundle === caBundle) return;
  else {
    const service = config.service ? [{ op: 'add', path: `${path}/service/namespace`, value: namespace }] : [];
    const body = [...service, { op: 'add', path: `${path}/caBundle`, value: caBundle }];
    await client.patch(resources.customResourceDefinitions, { name }, { type: 'json', body });
  }
  log.info(`The API server now trusts the conversion webhook of ${name}`);
}

async function addWebhook(client: Client, namespace: string, caBundle: string): Promise<void> {
  const { service } = conversion.webhook.clientConfig;
  const clientConfig = { service: { ...service, namespace }, caBundle };
  const body = { spec: { conversion: { ...conversion, webhook: { ...conversion.webhook, clientConfig } } } };
  await client.patch(resources.customResourceDefinitions, { name }, { type: 'merge', body });
}

/** Before the control plane is removed: the API server shall ask no webhook that will not be there. */
export async function releaseConversion(client: Pick<KubeClient, 'patch'>, log: Logger): Promise<void> {
  try {
    const body = { spec: { conversion: { strategy: 'None', webhook: null } } };
    await client.patch(resources.customResourceDefinitions, { name }, { type: 'merge', body });
    log.info(`${name} needs no conversion webhook any more`);
  } catch (thrown) {
    if (!(thrown instanceof Fault && thrown.key === 'not-found')) throw thrown;
  }
}
