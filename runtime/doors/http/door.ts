import { type Fault, fault, toFault } from '#kit/errors/fault.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import type { Operation } from '../../blocks/operation.ts';
import type { RestReply, RouteMethod } from '../../blocks/rest.ts';
import { compose, type Stage } from '../../chain.ts';
import { type AccessRules, isAllowed } from '../../stages/access.ts';
import { apiTokenHeader, type TokenCheck } from '../../stages/api-token.ts';
import type { DoorWatch } from '../served.ts';
import {
  answerHeaders,
  componentAttributes,
  describeCall,
  httpAttributes,
  httpFailure,
  incomingBaggage,
  startCallSpan,
} from '../tracing.ts';
import { HttpCall, type IncomingCall } from './call.ts';
import { type Endpoint, operationEndpoint, refuseUnreadable } from './endpoint.ts';
import { faultReply } from './fault-reply.ts';
import type { Page } from './page.ts';
import { cleanPath } from './path.ts';
import { createRouter } from './router.ts';

export type HttpDoorOptions = {
  operations: readonly Operation[];
  pages: readonly Page[];
  stages: readonly Stage[];
  access: AccessRules;
  token: TokenCheck | undefined;
  watch: DoorWatch;
  /** Makes a span of each call; undefined when tracing is off. */
  tracing?: Tracing | undefined;
  /** What answers a path no route matches, such as invocation by header; undefined answers 404. */
  fallback?: Page | undefined;
};

/** Answers a call; never rejects. Knows nothing of sockets. */
export type HttpDoor = (incoming: IncomingCall) => Promise<RestReply>;

const notFound: Page = {
  ...{ name: '', methods: [], path: '' },
  answer: () => ({
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: '404 page not found\n',
  }),
};

/** The HTTP door: routes a request to its operation or page, and answers faults as JSON. */
export function createHttpDoor(options: HttpDoorOptions): HttpDoor {
  const router = createRouter<Endpoint>();
  const add = (methods: readonly RouteMethod[], endpoint: Endpoint) => {
    for (const method of methods) router.add(method, endpoint.template, endpoint);
  };
  for (const operation of options.operations) {
    const invoke = compose(operation, 'http', options.stages);
    const unread = { ...operation, handle: refuseUnreadable };
    const refuse = compose(unread, 'http', options.stages);
    const refuseBody = compose({ ...unread, component: undefined }, 'http', options.stages);
    for (const route of operation.routes) {
      if (!isAllowed(options.access, 'http', { api: operation.api, path: route.path })) continue;
      // As in Dapr, a body that is the RPC's message is read before the component is looked for.
      const unreadable = route.toRequest === undefined ? refuseBody : refuse;
      add(route.methods, operationEndpoint(operation, route, invoke, unreadable));
    }
  }
  const mayServe = ({ api, path }: Page): boolean =>
    api === undefined || isAllowed(options.access, 'http', { api, path });
  for (const page of options.pages) if (mayServe(page)) add(page.methods, pageEndpoint(page));
  // What is denied by its path must not be reached by falling through to it.
  const fallback = pageEndpoint(
    options.fallback !== undefined && mayServe(options.fallback) ? options.fallback : notFound,
  );
  const { token, watch, tracing } = options;

  return async (incoming) => {
    const began = watch.served === undefined ? 0 : performance.now();
    const { url, headers, method } = incoming;
    const mark = url.indexOf('?');
    const path = cleanPath(mark < 0 ? url : url.slice(0, mark));
    const match = router.find(method, path);
    const endpoint = match?.value ?? fallback;
    const call = new HttpCall(incoming, match?.params ?? {}, mark < 0 ? '' : url.slice(mark + 1));
    const allowed = token === undefined || endpoint.open || token(headers[apiTokenHeader] as string | undefined);
    const tracer = endpoint.traced ? tracing : undefined;
    const reply = !allowed
      ? unauthorized
      : headers['baggage'] !== undefined
        ? await baggedAnswer(tracer, path, endpoint, call, incoming, watch)
        : tracer === undefined
          ? await answer(endpoint, call, incoming, watch)
          : await tracedAnswer(tracer, path, endpoint, call, incoming, watch);
    if (watch.served) watch.served(servedCall(incoming, path, endpoint, call, reply, began));
    return reply;
  };
}

const unauthorized: RestReply = Object.freeze({
  status: 401,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'invalid api token\n',
});

async function answer(
  endpoint: Endpoint,
  call: HttpCall,
  incoming: IncomingCall,
  watch: DoorWatch,
): Promise<RestReply> {
  try {
    for (const name in call.params) if (call.params[name] === undefined) throw brokenEscape(name);
    if (incoming.hasBody && !endpoint.streams) call.body = await incoming.read();
    return await endpoint.answer(call);
  } catch (thrown) {
    const problem = asDaprs(toFault(thrown), endpoint, call);
    watch.failed?.(problem);
    return faultReply(problem);
  }
}

/** Dapr's callers know no 413: a body over the limit is malformed to them, or whatever the endpoint says. */
function asDaprs(problem: Fault, { tooLarge }: Endpoint, call: HttpCall): Fault {
  if (problem.key !== 'too-large') return problem;
  return tooLarge?.(problem.message, call) ?? fault('malformed-request', problem.message, { cause: problem });
}

/** Refuses baggage that cannot be read, and gives what can back with the answer. */
async function baggedAnswer(
  tracing: Tracing | undefined,
  path: string,
  endpoint: Endpoint,
  call: HttpCall,
  incoming: IncomingCall,
  watch: DoorWatch,
): Promise<RestReply> {
  let baggage: string | undefined;
  try {
    baggage = incomingBaggage(call.headers);
  } catch (thrown) {
    const problem = toFault(thrown);
    watch.failed?.(problem);
    return faultReply(problem);
  }
  const reply =
    tracing === undefined
      ? await answer(endpoint, call, incoming, watch)
      : await tracedAnswer(tracing, path, endpoint, call, incoming, watch);
  return baggage === undefined ? reply : { ...reply, headers: { ...reply.headers, baggage } };
}

async function tracedAnswer(
  tracing: Tracing,
  path: string,
  endpoint: Endpoint,
  call: HttpCall,
  incoming: IncomingCall,
  watch: DoorWatch,
): Promise<RestReply> {
  const span = startCallSpan(tracing, path, call.headers);
  call.trace = span.context;
  const reply = await answer(endpoint, call, incoming, watch);
  if (span.sampled) {
    const about = httpAttributes(incoming, reply.status);
    const component = componentAttributes(endpoint.uses, call.params, about['dapr.api']!);
    describeCall(span, call.headers, { ...component, ...about });
  }
  span.end(httpFailure(reply.status));
  return { ...reply, headers: { ...answerHeaders(span), ...reply.headers } };
}

const brokenEscape = (name: string): Fault =>
  fault('bad-request', `failed to unescape request parameter "${name}": invalid percent escape`);

function pageEndpoint(page: Page): Endpoint {
  return {
    name: page.name,
    template: page.path,
    streams: page.streams ?? false,
    healthCheck: page.healthCheck ?? false,
    open: page.open ?? false,
    traced: page.healthCheck !== true && page.tracesItself !== true,
    answer: (call) => page.answer(call),
  };
}

function servedCall(
  incoming: IncomingCall,
  path: string,
  endpoint: Endpoint,
  call: HttpCall,
  reply: RestReply,
  began: number,
) {
  const { body } = reply;
  return {
    door: 'http' as const,
    operation: endpoint.name,
    verb: incoming.method,
    path,
    template: endpoint.template,
    status: reply.status,
    milliseconds: performance.now() - began,
    userAgent: incoming.headers['user-agent'] as string | undefined,
    requestBytes: call.body.length,
    responseBytes: typeof body === 'string' || body instanceof Uint8Array ? body.length : 0,
    healthCheck: endpoint.healthCheck,
  };
}
