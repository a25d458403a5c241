import {
  create,
  createRegistry,
  type DescMessage,
  fromJsonString,
  type Message,
  type MessageInitShape,
  toJsonString,
} from '@bufbuild/protobuf';
import {
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import { type Fault, fault } from '#kit/errors/fault.ts';
import type { AnyRoute, Invoke, Operation } from '../../blocks/operation.ts';
import { malformed, noContent, type RestReply } from '../../blocks/rest.ts';
import type { HttpCall } from './call.ts';

/** Types an `Any` in a JSON body may hold: protobuf's own. */
const registry = createRegistry(
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
);

/** What answers one route. */
export type Endpoint = {
  /** `GetState`. */
  name: string;
  template: string;
  streams: boolean;
  healthCheck: boolean;
  open: boolean;
  /** The door makes a span of each call. */
  traced: boolean;
  /** The component it uses, for its spans; the path's parameters name it. */
  uses?: Operation['component'];
  answer(call: HttpCall): RestReply | Promise<RestReply>;
  /** Where a body over the size limit is not simply a malformed request. */
  tooLarge?: ((why: string, call: HttpCall) => Fault) | undefined;
};

/** Handles a request whose body cannot be read, behind the same stages: what they refuse is answered first. */
export const refuseUnreadable: Invoke = async () => {
  throw unreadable;
};

const unreadable = fault('malformed-request', 'the body cannot be read');

/**
 * Joins a route's mapping to its operation behind the chain. `refuse` is the chain around `refuseUnreadable`: what its
 * stages refuse is told first, whatever the body, such as a component that does not exist.
 */
export function operationEndpoint(operation: Operation, route: AnyRoute, invoke: Invoke, refuse: Invoke): Endpoint {
  const { input, output, methodKind } = operation.method;
  const toRequest = route.toRequest ?? ((http) => fromBodyAndPath(input, http as HttpCall));
  const toReply = route.toReply ?? defaultReply(output, route.status);
  const clientStreams = methodKind === 'client_streaming' || methodKind === 'bidi_streaming';
  return {
    name: operation.method.name,
    template: route.path,
    streams: route.streams,
    tooLarge: route.tooLarge,
    healthCheck: false,
    open: false,
    traced: true,
    uses: operation.component,
    async answer(call) {
      let init: unknown;
      try {
        init = toRequest(call);
      } catch (thrown) {
        throw await whatIsWrong(thrown, refuse, create(input, call.params), call);
      }
      const request = clientStreams ? messages(input, init as AsyncIterable<unknown>) : messageOf(input, init);
      const reply = await invoke(request as never, call);
      return toReply(reply as never, call);
    },
  };
}

/** What the stages refuse a request for that cannot be read, else why it cannot. */
async function whatIsWrong(thrown: unknown, refuse: Invoke, request: Message, call: HttpCall): Promise<unknown> {
  try {
    await refuse(request as never, call);
  } catch (refused) {
    if (refused !== unreadable) return refused;
  }
  return thrown;
}

function messageOf(schema: DescMessage, init: unknown): Message {
  return create(schema, init as MessageInitShape<DescMessage>);
}

async function* messages(schema: DescMessage, inits: AsyncIterable<unknown>): AsyncIterable<Message> {
  for await (const init of inits) yield messageOf(schema, init);
}

/** The body as protobuf JSON, unknown fields ignored, with the path's parameters in the fields of their names. */
function fromBodyAndPath(schema: DescMessage, call: HttpCall): Message {
  const message = call.body.length === 0 ? create(schema) : parse(schema, call.body.toString());
  return Object.assign(message, call.params);
}

function parse(schema: DescMessage, text: string): Message {
  try {
    return fromJsonString(schema, text, { ignoreUnknownFields: true, registry });
  } catch (thrown) {
    throw malformed((thrown as Error).message);
  }
}

function defaultReply(schema: DescMessage, status: number): (reply: never) => RestReply {
  if (schema.typeName === 'google.protobuf.Empty') return () => noContent;
  return (reply) => ({ status, body: toJsonString(schema, create(schema, reply), { registry }) });
}
