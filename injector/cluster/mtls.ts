import { Fault, toFault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { daprResources } from '#kit/kube/resource.ts';
import type { Logger } from '#kit/log/logger.ts';

const timeoutMs = 2_000;

type Spec = { spec?: { mtls?: { enabled?: boolean } } };

/** Whether sidecars speak mTLS: on unless the control plane's Configuration says no, or cannot be read. */
export async function isMtlsEnabled(client: KubeClient, namespace: string, log: Logger): Promise<boolean> {
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
