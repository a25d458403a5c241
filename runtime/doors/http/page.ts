import type { RestReply, RestRequest, RouteMethod } from '../../blocks/rest.ts';

/** Something served over HTTP only, beside the operations: health checks, and byte pipes such as invocation. */
export type Page = {
  /** For logs and metrics, such as `Healthz`. */
  name: string;
  methods: readonly RouteMethod[];
  path: string;
  /** Group as `spec.api` rules name it; undefined is always allowed. */
  api?: string;
  /** Needs no API token. */
  open?: boolean;
  healthCheck?: boolean;
  /** The body is read from `http.stream`. */
  streams?: boolean;
  answer(http: RestRequest & { readonly signal: AbortSignal }): RestReply | Promise<RestReply>;
};
