/** The gRPC app that is invoked: answers every call, of whatever service, with 1 KB. Usage: node grpc-app.ts <port> */
import process from 'node:process';
import { frame } from '#kit/grpc/frame.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { implement } from '#kit/grpc/service.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { AppCallback } from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';

const value = Buffer.alloc(1_024, 'x');
const server = await createGrpcServer({
  services: [implement(AppCallback, { onInvoke: () => ({ data: { value } }) })],
  log: silentLogger,
  async *unknown(frames) {
    for await (const _ of frames) yield frame(value);
  },
});
await server.listen('127.0.0.1', Number(process.argv[2]));
