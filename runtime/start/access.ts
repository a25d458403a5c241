import type { Configuration } from '#crds/configuration.ts';
import type { RuntimeConfig } from '../config.ts';
import { readAccessList } from '../policy/acl/access-list.ts';
import { type Authorize, authorizer } from '../policy/acl/authorize.ts';
import { accessMetrics } from '../policy/acl/metrics.ts';
import type { Metrics } from './metrics.ts';

/** The check of calls of other apps by `spec.accessControl`; undefined where all may call. */
export function startAccess(
  { app }: Pick<RuntimeConfig, 'app'>,
  { spec }: Configuration,
  metrics: Metrics | undefined,
): Authorize | undefined {
  const list = readAccessList(spec.accessControl, { http: !app.protocol.startsWith('grpc') });
  return list && authorizer(list, metrics ? accessMetrics(metrics.registry) : () => {});
}
