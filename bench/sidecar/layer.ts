/** kit/grpc with nothing behind it: what our own RPC layer costs. Usage: node layer.ts <grpc port> */
import process from 'node:process';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { implement } from '#kit/grpc/service.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';

const stored = new Map([['k0', Buffer.from(JSON.stringify('x'.repeat(1_000)))]]);
const services = [implement(Dapr, { getState: ({ key }) => ({ data: stored.get(key)!, etag: '1' }) })];
const server = await createGrpcServer({ services, log: silentLogger });
await server.listen('127.0.0.1', Number(process.argv[2]));
