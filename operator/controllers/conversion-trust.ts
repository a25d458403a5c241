import { fault } from '#kit/errors/fault.ts';
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

/**
 * Tells the API server where the conversion webhook runs and by which anchors (PEM) its certificate is checked.
 * Throws `invalid-config` when the CustomResourceDefinition has no conversion webhook to tell it of.
 */
export async function trustConversionWebhook(
  client: Pick<KubeClient, 'get' | 'patch'>,
  namespace: string,
  anchorsPem: string,
  log: Logger,
): Promise<void> {
  const crd = await client.get<Crd>(resources.customResourceDefinitions, { name });
  const config = crd.spec?.conversion?.webhook?.clientConfig;
  if (!config)
    throw fault(
      'invalid-config',
      `CustomResourceDefinition ${name} has no conversion webhook: install the chart's CRDs`,
    );
  const caBundle = Buffer.from(anchorsPem).toString('base64');
  if (config.service?.namespace === namespace && config.caBundle === caBundle) return;
  const service = config.service ? [{ op: 'add', path: `${path}/service/namespace`, value: namespace }] : [];
  const body = [...service, { op: 'add', path: `${path}/caBundle`, value: caBundle }];
  await client.patch(resources.customResourceDefinitions, { name }, { type: 'json', body });
  log.info(`The API server now trusts the conversion webhook of ${name}`);
}
