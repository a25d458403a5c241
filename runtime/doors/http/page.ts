import type { RestReply, RestRequest, RouteMethod } from '../../blocks/rest.ts';

/** A request as a page sees it. */
export type PageRequest = RestRequest & {
  readonly signal: AbortSignal;
  /** Path and query as they came. */
  readonly url: string;
  /** Whether a body is announced. */
  readonly hasBody: boolean;
  /** Reads the whole body of a page that streams. Rejects with `too-large` above the door's limit. */
  read(): Promise<Buffer>;
};

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
  /** Makes its own span. */
  tracesItself?: boolean;
  answer(http: PageRequest): RestReply | Promise<RestReply>;
};
