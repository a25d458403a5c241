import { Fault, toFault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { daprResources } from '#kit/kube/resource.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';

const timeoutMs = 2_000;
const rememberedMs = 5_000;

type Spec = { spec?: { mtls?: { enabled?: boolean } } };

/**
 * Asks whether sidecars speak mTLS: yes unless the control plane's Configuration says no, or cannot be read. An answer
 * holds for five seconds, so that a burst of pods costs one request.
 */
export function mtlsSetting(client: KubeClient, namespace: string, log: Logger, clock: Clock): () => Promise<boolean> {
  let known: { until: number; answer: Promise<boolean> } | undefined;
  return () => {
    if (known === undefined || known.until <= clock.now()) {
      known = { until: clock.now() + rememberedMs, answer: read(client, namespace, log) };
    }
    return known.answer;
  };
}

async function read(client: KubeClient, namespace: string, log: Logger): Promise<boolean> {
  try {
    const at = { namespace, name: 'daprsystem' };
    const found = await client.get<Spec>(daprResources.configurations, at, AbortSignal.timeout(timeoutMs));
    return found.spec?.mtls?.enabled !== false;
  } catch (thrown) {
    const missing = thrown instanceof Fault && thrown.key === 'not-found';
    if (!missing) log.warn(`Cannot read Configuration daprsystem, taking mTLS as on: ${toFault(thrown).message}`);
    return true;
  }
}
