import type { DescMessage, DescMethod, MessageInitShape } from '@bufbuild/protobuf';
import { grpcCode } from '#kit/errors/table.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Call, RawHandler } from './call.ts';
import { decodeFrame, decodeFrames, encodeFrame } from './codec.ts';
import { toStatus } from './fault-status.ts';
import { prefixLength } from './frame.ts';
import { FrameQueue } from './frame-queue.ts';
import { isPromise } from './promise.ts';
import type { RequestSink, ServerCall } from './server-call.ts';
import type { AnyHandler, Implementation } from './service.ts';
import { StatusError } from './status.ts';

/** Takes a call from its first byte to its status. */
export type Serve = (call: ServerCall) => void;

type Message = MessageInitShape<DescMessage>;
type Finish = (call: ServerCall, thrown: unknown) => void;

/** Answers what a handler threw, and logs what it did not throw on purpose. */
function finisher(log: Logger): Finish {
  return (call, thrown) => {
    const status = toStatus(thrown);
    if (status.code === grpcCode.INTERNAL && !call.over) {
      log.error(
        `gRPC call ${call.path} failed: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown}`,
      );
    }
    call.fail(status);
  };
}

/** The methods of services, by path. Throws when two services claim one path. */
export function methodTable(services: readonly Implementation[], log: Logger): Map<string, Serve> {
  const table = new Map<string, Serve>();
  const fail = finisher(log);
  for (const { service, handlers } of services) {
    for (const method of service.methods) {
      const path = `/${service.typeName}/${method.name}`;
      if (table.has(path)) throw new Error(`two services implement ${path}`);
      const handler = handlers[method.localName];
      table.set(path, handler === undefined ? unimplemented(method) : serve(method, handler, fail));
    }
  }
  return table;
}

function unimplemented({ name, parent }: DescMethod): Serve {
  const message = `unknown method ${name} for service ${parent.typeName}`;
  return (call) => call.fail(new StatusError(grpcCode.UNIMPLEMENTED, message));
}

function serve(method: DescMethod, handler: AnyHandler, fail: Finish): Serve {
  const { input, output } = method;
  if (method.methodKind === 'unary') {
    const unary: UnaryMethod = { method, handler: handler as UnaryMethod['handler'], fail };
    return (call) => call.receive(new UnaryRequest(call, unary));
  }
  const stream = method.methodKind === 'server_streaming' ? one(method) : many(input);
  const answersOne = method.methodKind === 'client_streaming';
  return (call) => {
    const requests = new FrameQueue(call);
    call.receive(requests);
    const run = async (): Promise<void> => {
      const answer = handler((await stream(requests, call)) as never, call);
      if (answersOne) await finishWith(call, output, (await answer) as Message);
      else await pump(call, output, answer as AsyncIterable<Message>);
    };
    run().catch((thrown) => fail(call, thrown));
  };
}

/** Serves what no table claims. */
export function serveRaw(handler: RawHandler, log: Logger): Serve {
  const fail = finisher(log);
  return (call) => {
    const requests = new FrameQueue(call);
    call.receive(requests);
    const run = async (): Promise<void> => {
      for await (const frame of handler(requests, call)) {
        if (call.over) break;
        if (!call.send(frame)) await call.writable();
      }
      call.finish();
    };
    run().catch((thrown) => fail(call, thrown));
  };
}

type UnaryMethod = {
  method: DescMethod;
  handler(request: unknown, call: Call): Message | Promise<Message>;
  fail: Finish;
};

/** Runs a unary handler as soon as its request is there, on the spot where nothing has to be waited for. */
class UnaryRequest implements RequestSink {
  readonly #call: ServerCall;
  readonly #unary: UnaryMethod;
  #started = false;

  constructor(call: ServerCall, unary: UnaryMethod) {
    this.#call = call;
    this.#unary = unary;
  }

  frame(frame: Buffer): void {
    const { method, handler, fail } = this.#unary;
    const call = this.#call;
    if (this.#started) {
      fail(call, new StatusError(grpcCode.INTERNAL, `${call.path} takes one request`));
      return;
    }
    this.#started = true;
    call.requestBytes = frame.length - prefixLength;
    try {
      const request = decodeFrame(method.input, frame, call);
      const answer = isPromise(request) ? request.then((whole) => handler(whole, call)) : handler(request, call);
      const sent = isPromise(answer) ? this.#later(answer) : finishWith(call, method.output, answer);
      if (isPromise(sent)) sent.catch((thrown) => fail(call, thrown));
    } catch (thrown) {
      fail(call, thrown);
    }
  }

  end(error?: StatusError): void {
    if (this.#started) return;
    this.#call.fail(error ?? new StatusError(grpcCode.INTERNAL, `${this.#call.path} needs a request`));
  }

  async #later(answer: Promise<Message>): Promise<void> {
    await finishWith(this.#call, this.#unary.method.output, await answer);
  }
}

function finishWith(call: ServerCall, output: DescMessage, message: Message): void | Promise<void> {
  const frame = encodeFrame(output, message, call.packs);
  if (isPromise(frame)) return frame.then((packed) => call.finish(packed));
  call.finish(frame);
}

async function pump(call: ServerCall, output: DescMessage, messages: AsyncIterable<Message>): Promise<void> {
  for await (const message of messages) {
    if (call.over) break;
    const frame = encodeFrame(output, message, call.packs);
    if (!call.send(isPromise(frame) ? await frame : frame)) await call.writable();
  }
  call.finish();
}

type Requests = (frames: FrameQueue, call: ServerCall) => unknown;

const many =
  (input: DescMessage): Requests =>
  (frames, call) =>
    decodeFrames(input, frames, call);

const one =
  ({ input }: DescMethod): Requests =>
  async (frames, call) => {
    const first = await frames.next();
    if (first.done) throw new StatusError(grpcCode.INTERNAL, `${call.path} needs a request`);
    return decodeFrame(input, first.value, call);
  };
