/** Types of frames. Source: RFC 9113, section 6. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Reasons of RST_STREAM and GOAWAY. Source: RFC 9113, section 7. */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
} as const;

/** What a stream ended with whose connection ended under it: no code of the protocol. */
export const connectionLost = -1;

export const frameHeaderBytes = 9;
/** The longest payload that every peer takes. */
export const defaultFrameBytes = 16_384;
/** The longest that we take, and send to peers that take it: longer ones would keep other streams waiting. */
export const mostFrameBytes = 65_536;
export const defaultWindow = 65_535;
export const largestWindow = 2 ** 31 - 1;

/** Ends a connection: its peer does what the protocol has no place for, or more than it bears. */
export class ConnectionError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
