/**
 * The ceiling: state get over `node:http` and `node:http2` with nothing around it. Answers what a sidecar would to the
 * get workloads. Usage: node prototype.ts <http port> <grpc port>
 */

import { createServer } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import process from 'node:process';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { GetStateRequestSchema, GetStateResponseSchema } from '#proto/dapr/proto/runtime/v1/state_pb.js';

const stored = new Map([['k0', Buffer.from(JSON.stringify('x'.repeat(1_000)))]]);
const [httpPort, grpcPort] = process.argv.slice(2).map(Number);

const http = createServer((request, response) => {
  const found = stored.get(request.url!.slice(request.url!.lastIndexOf('/') + 1))!;
  response.writeHead(200, { 'content-type': 'application/json', etag: '1', 'content-length': found.length });
  response.end(found);
});

function answer(stream: ServerHttp2Stream, body: Buffer): void {
  const { key } = fromBinary(GetStateRequestSchema, body.subarray(5));
  const reply = create(GetStateResponseSchema, { data: stored.get(key)!, etag: '1' });
  const message = toBinary(GetStateResponseSchema, reply);
  const framed = Buffer.allocUnsafe(5 + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(framed);
}

const grpc = createHttp2();
grpc.on('stream', (stream: ServerHttp2Stream) => {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => answer(stream, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
});

http.listen(httpPort, '127.0.0.1');
grpc.listen(grpcPort, '127.0.0.1');
