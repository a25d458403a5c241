import type { Logger } from '#kit/log/logger.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { headerOf } from '../rest.ts';

/** Ends the sidecar: in order, or at once with exit code 1. Both return before anything ends. */
export type Ending = { stop(): void; stopNow(): void };

/** Ends the sidecar; header or metadata `dapr-force-shutdown: true` cuts everything short. */
export const shutdown = (ending: Ending, log: Logger) =>
  defineOperation({
    method: Dapr.method.shutdown,
    api: 'shutdown.v1',
    http: { method: 'POST', path: '/v1.0/shutdown', toRequest: () => ({}) },
    async handle(_request, context) {
      if (headerOf(context, 'dapr-force-shutdown')?.toLowerCase() === 'true') {
        log.warn('Force shutdown requested, exiting immediately without graceful shutdown');
        ending.stopNow();
      } else {
        log.info('Shutdown requested via API');
        ending.stop();
      }
      return {};
    },
  });
