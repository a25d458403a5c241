/** gRPC status codes by name; numbers as on the wire. */
export const grpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcCode = (typeof grpcCode)[keyof typeof grpcCode];

/** Whether a caller may try again: never, at once with another peer, or after a pause. */
export type Retry = 'never' | 'elsewhere' | 'later';

export type FaultRow = {
  grpc: GrpcCode;
  http: number;
  /** Dapr's legacy tag, sent as `errorCode` over HTTP. */
  errorCode: string;
  retry: Retry;
};

const row = (grpc: keyof typeof grpcCode, http: number, errorCode: string, retry: Retry = 'never'): FaultRow => ({
  grpc: grpcCode[grpc],
  http,
  errorCode,
  retry,
});

/**
 * Every fault of every binary: `key → gRPC code, HTTP status, Dapr error code, retry`. The doors translate;
 * nobody else does. Source of codes: Dapr 1.18 `pkg/messages`, `pkg/api/errors`.
 */
export const faults = {
  internal: row('INTERNAL', 500, 'ERR_INTERNAL'),
  'bad-request': row('INVALID_ARGUMENT', 400, 'ERR_BAD_REQUEST'),
  'malformed-request': row('INVALID_ARGUMENT', 400, 'ERR_MALFORMED_REQUEST'),
  unimplemented: row('UNIMPLEMENTED', 501, 'ERR_UNIMPLEMENTED'),
  unavailable: row('UNAVAILABLE', 503, 'ERR_UNAVAILABLE', 'later'),
  unauthenticated: row('UNAUTHENTICATED', 401, 'ERR_UNAUTHENTICATED'),
  'permission-denied': row('PERMISSION_DENIED', 403, 'ERR_PERMISSION_DENIED'),
  cancelled: row('CANCELLED', 408, 'ERR_CANCELLED'),
  'deadline-exceeded': row('DEADLINE_EXCEEDED', 504, 'ERR_DEADLINE_EXCEEDED', 'later'),
  'circuit-open': row('UNAVAILABLE', 503, 'ERR_CIRCUIT_OPEN', 'later'),
  'circuit-busy': row('UNAVAILABLE', 503, 'ERR_CIRCUIT_BUSY', 'later'),
  'invoke-no-app-id': row('NOT_FOUND', 404, 'ERR_DIRECT_INVOKE'),
  'invoke-failed': row('INTERNAL', 500, 'ERR_DIRECT_INVOKE', 'later'),
  'invoke-denied': row('PERMISSION_DENIED', 403, 'ERR_DIRECT_INVOKE'),
  'invoke-not-ready': row('INTERNAL', 500, 'ERR_DIRECT_INVOKE', 'later'),
  'invalid-method': row('INVALID_ARGUMENT', 500, 'ERR_DIRECT_INVOKE'),
  'invalid-app-id': row('INVALID_ARGUMENT', 500, 'ERR_DIRECT_INVOKE'),
  'app-channel': row('INTERNAL', 500, 'ERR_DIRECT_INVOKE', 'later'),
  'app-not-found': row('NOT_FOUND', 500, 'ERR_DIRECT_INVOKE', 'later'),
  'not-found': row('NOT_FOUND', 404, 'ERR_NOT_FOUND'),
  'too-large': row('RESOURCE_EXHAUSTED', 413, 'ERR_TOO_LARGE'),
  'invalid-flags': row('INVALID_ARGUMENT', 400, 'ERR_INVALID_FLAGS'),
  'invalid-config': row('INVALID_ARGUMENT', 400, 'ERR_INVALID_CONFIG'),
  'invalid-resource': row('INVALID_ARGUMENT', 400, 'ERR_INVALID_RESOURCE'),
  'invalid-metadata': row('INVALID_ARGUMENT', 400, 'ERR_INVALID_METADATA'),
  'forced-shutdown': row('CANCELLED', 500, 'ERR_SHUTDOWN'),
  'shutdown-timeout': row('DEADLINE_EXCEEDED', 500, 'ERR_SHUTDOWN'),
  'component-init': row('INTERNAL', 500, 'ERR_COMPONENT_INIT'),
  'secret-stores-not-configured': row('FAILED_PRECONDITION', 500, 'ERR_SECRET_STORES_NOT_CONFIGURED'),
  'secret-store-not-found': row('INVALID_ARGUMENT', 401, 'ERR_SECRET_STORE_NOT_FOUND'),
  'secret-denied': row('PERMISSION_DENIED', 403, 'ERR_PERMISSION_DENIED'),
  'secret-get': row('INTERNAL', 500, 'ERR_SECRET_GET', 'later'),
  'conversation-not-found': row('INVALID_ARGUMENT', 400, 'ERR_CONVERSATION_NOT_FOUND'),
  'conversation-invalid-params': row('INVALID_ARGUMENT', 400, 'ERR_CONVERSATION_INVALID_PARMS'),
  'conversation-missing-inputs': row('INVALID_ARGUMENT', 400, 'ERR_CONVERSATION_MISSING_INPUTS'),
  'conversation-invoke': row('INTERNAL', 500, 'ERR_CONVERSATION_INVOKE', 'later'),
  'state-store-not-configured': row('FAILED_PRECONDITION', 500, 'ERR_STATE_STORE_NOT_CONFIGURED'),
  'state-store-not-found': row('INVALID_ARGUMENT', 400, 'ERR_STATE_STORE_NOT_FOUND'),
  'state-illegal-key': row('INVALID_ARGUMENT', 400, 'ERR_MALFORMED_REQUEST'),
  'state-get': row('INTERNAL', 500, 'ERR_STATE_GET', 'later'),
  'state-bulk-get': row('INTERNAL', 500, 'ERR_STATE_BULK_GET', 'later'),
  'state-save': row('INTERNAL', 500, 'ERR_STATE_SAVE', 'later'),
  'state-empty-key': row('INVALID_ARGUMENT', 400, 'ERR_STATE_SAVE'),
  'state-delete': row('INTERNAL', 500, 'ERR_STATE_DELETE', 'later'),
  'state-bulk-delete': row('INTERNAL', 500, 'ERR_STATE_BULK_DELETE', 'later'),
  'state-transaction': row('INTERNAL', 500, 'ERR_STATE_TRANSACTION', 'later'),
  'state-operation-not-supported': row('UNIMPLEMENTED', 400, 'ERR_NOT_SUPPORTED_STATE_OPERATION'),
  'state-transactions-not-supported': row('UNIMPLEMENTED', 500, 'ERR_STATE_STORE_NOT_SUPPORTED'),
  'state-too-many-operations': row('INVALID_ARGUMENT', 400, 'ERR_STATE_STORE_TOO_MANY_TRANSACTIONS'),
  'state-query-not-supported': row('INTERNAL', 500, 'ERR_STATE_STORE_NOT_SUPPORTED'),
  'state-query': row('INTERNAL', 500, 'ERR_STATE_QUERY', 'later'),
  'pubsub-name-empty': row('INVALID_ARGUMENT', 404, 'ERR_PUBSUB_EMPTY'),
  'pubsub-not-found': row('INVALID_ARGUMENT', 404, 'ERR_PUBSUB_NOT_FOUND'),
  'pubsub-topic-empty': row('INVALID_ARGUMENT', 404, 'ERR_TOPIC_NAME_EMPTY'),
  'pubsub-metadata': row('INVALID_ARGUMENT', 400, 'ERR_PUBSUB_REQUEST_METADATA'),
  'pubsub-forbidden': row('PERMISSION_DENIED', 403, 'ERR_PUBSUB_FORBIDDEN'),
  'pubsub-outbox': row('INTERNAL', 500, 'ERR_PUBLISH_OUTBOX', 'later'),
  'pubsub-cloud-event': row('INVALID_ARGUMENT', 500, 'ERR_PUBSUB_CLOUD_EVENTS_SER'),
  'pubsub-events': row('INVALID_ARGUMENT', 400, 'ERR_PUBSUB_EVENTS_SER'),
  'pubsub-publish': row('INTERNAL', 500, 'ERR_PUBSUB_PUBLISH_MESSAGE', 'later'),
  'binding-invoke': row('INTERNAL', 500, 'ERR_INVOKE_OUTPUT_BINDING', 'later'),
  'lock-not-configured': row('FAILED_PRECONDITION', 500, 'ERR_LOCK_STORE_NOT_CONFIGURED'),
  'lock-not-found': row('INVALID_ARGUMENT', 400, 'ERR_LOCK_STORE_NOT_FOUND'),
  'lock-request': row('INVALID_ARGUMENT', 400, 'ERR_MALFORMED_REQUEST'),
  'lock-try': row('INTERNAL', 500, 'ERR_TRY_LOCK', 'later'),
  'lock-unlock': row('INTERNAL', 500, 'ERR_UNLOCK', 'later'),
  'configuration-not-configured': row('FAILED_PRECONDITION', 500, 'ERR_CONFIGURATION_STORE_NOT_CONFIGURED'),
  'configuration-not-found': row('INVALID_ARGUMENT', 400, 'ERR_CONFIGURATION_STORE_NOT_FOUND'),
  'configuration-get': row('INTERNAL', 500, 'ERR_CONFIGURATION_GET', 'later'),
  'configuration-subscribe': row('INVALID_ARGUMENT', 500, 'ERR_CONFIGURATION_SUBSCRIBE', 'later'),
  'configuration-no-app': row('FAILED_PRECONDITION', 500, 'ERR_APP_CHANNEL_NIL'),
  'crypto-not-configured': row('INTERNAL', 500, 'ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED'),
  'crypto-not-found': row('INVALID_ARGUMENT', 400, 'ERR_CRYPTO_PROVIDER_NOT_FOUND'),
  'crypto-operation': row('INTERNAL', 500, 'ERR_CRYPTO'),
  'api-unimplemented': row('UNIMPLEMENTED', 501, 'ERR_API_UNIMPLEMENTED'),
  'component-unknown': row('INVALID_ARGUMENT', 400, 'ERR_COMPONENT_UNKNOWN'),
  'state-etag-mismatch': row('ABORTED', 409, 'ERR_STATE_SAVE'),
  'state-etag-invalid': row('INVALID_ARGUMENT', 400, 'ERR_STATE_SAVE'),
  /** The object changed since it was read: read it again. */
  conflict: row('ABORTED', 409, 'ERR_CONFLICT', 'later'),
  'already-exists': row('ALREADY_EXISTS', 409, 'ERR_ALREADY_EXISTS'),
  /** What was asked for is no longer kept: a version to watch from, a page to go on with. */
  gone: row('OUT_OF_RANGE', 410, 'ERR_GONE'),
  'health-not-ready': row('UNAVAILABLE', 500, 'ERR_HEALTH_NOT_READY', 'later'),
  'outbound-not-ready': row('UNAVAILABLE', 500, 'ERR_OUTBOUND_HEALTH_NOT_READY', 'later'),
  'health-appid-not-match': row('INVALID_ARGUMENT', 500, 'ERR_HEALTH_APPID_NOT_MATCH'),
} as const satisfies Record<string, FaultRow>;

export type FaultKey = keyof typeof faults;
