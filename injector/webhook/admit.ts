import type { V1Pod } from '@kubernetes/client-node';
import { Fault, toFault } from '#kit/errors/fault.ts';
import { faults } from '#kit/errors/table.ts';
import type { Logger } from '#kit/log/logger.ts';
import { isTruthy } from '#kit/values/truthy.ts';
import type { User } from '../access/authorize.ts';
import type { InjectorMetrics } from '../metrics.ts';
import { plan } from '../patch/plan.ts';
import type { Settings } from '../patch/settings.ts';
import { type AdmissionAnswer, type AdmissionRequest, readPod } from './review.ts';

export type AdmitOptions = {
  authorized(user: User): boolean;
  /** What holds now for pods of a namespace. Rejects when it cannot be found out. */
  settings(namespace: string): Promise<Settings>;
  metrics: InjectorMetrics;
  log: Logger;
};

/**
 * Decides about one request. Pods that did not ask for a sidecar, or whose maker may not have one, pass as they are;
 * a pod that asked and cannot be given one is refused with the reason, so that no app runs without its sidecar.
 */
export function admitter(options: AdmitOptions): (request: AdmissionRequest) => Promise<AdmissionAnswer> {
  const { metrics, log } = options;
  return async (request) => {
    metrics.requests.inc();
    if (request.kind !== 'Pod') return {};
    let appId = '';
    try {
      const pod = readPod(request.object);
      appId = appIdOf(pod);
      const skipped = reasonToSkip(pod, request, options);
      if (skipped !== undefined) {
        if (skipped !== '') log.warn(`Pod of app "${appId}" in ${request.namespace} gets no sidecar: ${skipped}`);
        return skipped === '' ? {} : { warnings: [`no sidecar: ${skipped}`] };
      }
      const answer = plan(pod, await options.settings(request.namespace));
      if (answer.operations.length > 0) metrics.succeeded(appId);
      log.info(`Sidecar injector succeeded injection for app '${appId}'`, { namespace: request.namespace });
      return answer;
    } catch (thrown) {
      return refused(thrown, appId, request, options);
    }
  };
}

/** Nothing for a pod that gets a sidecar; an empty text for one that did not ask; else the reason. */
function reasonToSkip(pod: V1Pod, request: AdmissionRequest, options: AdmitOptions): string | undefined {
  const enabled = pod.metadata?.annotations?.['dapr.io/enabled'];
  if (enabled?.toLowerCase() !== 'true') {
    return isTruthy(enabled) ? `the annotation dapr.io/enabled is "${enabled}": write "true"` : '';
  }
  if (options.authorized(request.user)) return undefined;
  options.metrics.failed(appIdOf(pod), 'not_authorized');
  return `"${request.user.username ?? ''}" is not among the allowed service accounts (ALLOWED_SERVICE_ACCOUNTS)`;
}

function refused(thrown: unknown, appId: string, request: AdmissionRequest, options: AdmitOptions): AdmissionAnswer {
  const { key, message } = toFault(thrown);
  options.metrics.failed(appId, 'patch');
  const detail = thrown instanceof Fault ? message : ((thrown as Error).stack ?? message);
  options.log.error(`Sidecar injector failed to inject for app '${appId}'. Error: ${detail}`, {
    namespace: request.namespace,
  });
  return { refusal: { message, code: faults[key].http } };
}

/** For logs and metrics only. */
const appIdOf = (pod: V1Pod): string => pod.metadata?.annotations?.['dapr.io/app-id'] ?? pod.metadata?.name ?? '';
