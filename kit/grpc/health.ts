import { grpcCode } from '#kit/errors/table.ts';
import { Health, HealthCheckResponse_ServingStatus } from '#proto/grpc/health/v1/health_pb.js';
import { type Implementation, implement } from './service.ts';
import { StatusError } from './status.ts';

/** Answers whether the server (empty name) or one of its services serves; undefined for a service it does not have. */
export type Serving = (service: string) => boolean | undefined;

/** The grpc.health.v1 service. `Watch` is answered UNIMPLEMENTED, which tells clients to poll `Check`. */
export function healthService(serving: Serving): Implementation {
  return implement(Health, {
    check({ service }) {
      const serves = serving(service);
      if (serves === undefined) throw new StatusError(grpcCode.NOT_FOUND, `unknown service ${service}`);
      const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
      return { status: serves ? SERVING : NOT_SERVING };
    },
  });
}
