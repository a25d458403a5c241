/** A unary call that has ended, as a client tells of it. */
export type UnaryCall = {
  /** `/package.Service/Method`. */
  path: string;
  /** gRPC status. */
  code: number;
  /** Sizes of the messages as they were sent; 0 for one that was not. */
  requestBytes: number;
  responseBytes: number;
  milliseconds: number;
};

export type UnaryWatch = (call: UnaryCall) => void;
