import type { Logger } from '#kit/log/logger.ts';
import type { DoorWatch } from '../doors/served.ts';

export type ApiLogSettings = {
  /** Log the name of the operation in place of the path. */
  obfuscateURLs: boolean;
  omitHealthChecks: boolean;
};

/** Logs each API call, as Dapr does: scopes `dapr.runtime.http-info` and `dapr.runtime.grpc.api-info`. */
export function apiLog(log: Logger, settings: ApiLogSettings): NonNullable<DoorWatch['served']> {
  const http = log.scoped('dapr.runtime.http-info');
  const grpc = log.scoped('dapr.runtime.grpc.api-info');
  return (call) => {
    if (call.healthCheck && settings.omitHealthChecks) return;
    const fields = {
      code: call.status,
      duration: Math.round(call.milliseconds),
      ...(call.userAgent === undefined ? {} : { useragent: call.userAgent }),
    };
    if (call.door === 'grpc') grpc.info('gRPC API Called', { ...fields, method: call.path });
    else {
      const method = settings.obfuscateURLs ? obfuscated(call) : `${call.verb} ${call.path}`;
      http.info('HTTP API Called', { ...fields, method, size: call.responseBytes });
    }
  };
}

/** The operation, and for invocation the app, which Dapr's log keeps. */
function obfuscated({ operation, path }: { operation: string; path: string }): string {
  const app = /^\/v1\.0\/invoke\/([^/]+)\//.exec(path)?.[1];
  return app === undefined ? operation : `${operation}/${app}`;
}
