import { fault } from '#kit/errors/fault.ts';
import type { HealthTargets } from '#kit/health/targets.ts';
import { noContent } from '../blocks/rest.ts';
import type { Page } from '../doors/http/page.ts';

/** What health checks answer from. */
export type Health = {
  /** All must be ready for `healthz`, the app's port among them. */
  all: HealthTargets;
  /** What the app needs to call out: components and API servers. */
  outbound: HealthTargets;
};

/** `GET /v1.0/healthz` and `/v1.0/healthz/outbound`: 204 when ready, 500 else; no token needed, always allowed. */
export function healthPages({ all, outbound }: Health, appId: string): Page[] {
  return [
    {
      name: 'Healthz',
      methods: ['GET'],
      path: '/v1.0/healthz',
      open: true,
      healthCheck: true,
      answer(http) {
        if (!all.ready()) throw fault('health-not-ready', `dapr is not ready: [${all.waitingFor().join(' ')}]`);
        const asked = http.query.get('appid');
        if (asked !== null && asked !== appId) throw fault('health-appid-not-match', 'dapr app-id does not match');
        return noContent;
      },
    },
    {
      name: 'HealthzOutbound',
      methods: ['GET'],
      path: '/v1.0/healthz/outbound',
      open: true,
      healthCheck: true,
      answer() {
        if (!outbound.ready()) throw fault('outbound-not-ready', 'dapr outbound is not ready');
        return noContent;
      },
    },
  ];
}
