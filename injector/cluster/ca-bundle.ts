import { Fault, toFault } from '#kit/errors/fault.ts';
import type { HealthTarget } from '#kit/health/targets.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { resources } from '#kit/kube/resource.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';

const webhookConfiguration = 'dapr-sidecar-injector';

const checkMs = 30_000;
const retryMs = 2_000;

export type CaBundleOptions = {
  client: KubeClient;
  /** PEM that the API server shall trust our certificate by. */
  pem(): string;
  /** Ready from the first time the API server has it. */
  ready: HealthTarget;
  log: Logger;
  clock: Clock;
  signal: AbortSignal;
};

type Webhooks = { webhooks?: { clientConfig?: { caBundle?: string } }[] };

/**
 * Keeps our CA in the MutatingWebhookConfiguration, until the signal fires: it is written at the start, whenever
 * `changed` is called, and again within half a minute of somebody else removing it.
 */
export function keepCaBundle(options: CaBundleOptions): { changed(): void; done: Promise<void> } {
  const { client, signal, clock, log, ready } = options;
  const name = webhookConfiguration;
  let wake = new AbortController();
  const write = async (): Promise<void> => {
    const value = Buffer.from(options.pem()).toString('base64');
    const found = await client.get<Webhooks>(resources.mutatingWebhookConfigurations, { name }, signal);
    if (found.webhooks?.[0]?.clientConfig?.caBundle === value) return;
    const body = [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value }];
    await client.patch(resources.mutatingWebhookConfigurations, { name }, { type: 'json', body }, signal);
    log.info(`Wrote the CA bundle into MutatingWebhookConfiguration ${name}`);
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      let pause = checkMs;
      try {
        await write();
        ready.ready();
      } catch (thrown) {
        if (signal.aborted) return;
        log.warn(`Cannot write the CA bundle, trying again: ${describe(thrown)}`);
        pause = retryMs;
      }
      await clock.pause(pause, AbortSignal.any([signal, wake.signal]));
      wake = new AbortController();
    }
  };
  return { changed: () => wake.abort(), done: run() };
}

function describe(thrown: unknown): string {
  if (thrown instanceof Fault && thrown.key === 'not-found') {
    return `there is no MutatingWebhookConfiguration ${webhookConfiguration}: install the chart`;
  }
  return toFault(thrown).message;
}
