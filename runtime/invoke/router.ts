import { Fault, fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { isUnseen } from '#kit/errors/unseen.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { isIdempotent } from '#kit/http/idempotent.ts';
import type { PolicyResolver } from '../policy/resiliency/resolve.ts';
import type { Policy, Runner } from '../policy/resiliency/run.ts';
import type { InvocationWatch } from '../telemetry/invocation-metrics.ts';
import { forwardedBy, type SelfAddress } from './forwarded.ts';
import { type Invoke, type InvokeAnswer, type InvokeCall, isStream } from './message.ts';
import { errorText } from './status.ts';
import { isUrl, splitAppId } from './target.ts';

export type RemoteApp = { appId: string; namespace: string };

export type RouterOptions = {
  self: RemoteApp & SelfAddress;
  /** Calls the own app; undefined while there is no channel to it. */
  app(): Invoke | undefined;
  /** Calls an HTTPEndpoint by name, or a URL; undefined where there is no such endpoint. */
  endpoint(id: string): { invoke: Invoke; baseUrl: string } | undefined;
  /** A sidecar of the app, picked anew at each call. Rejects with `app-not-found`. */
  connect(remote: RemoteApp): Promise<{ invoke: Invoke }>;
  policies: PolicyResolver;
  run: Runner;
  watch?: InvocationWatch | undefined;
};

/** Calls apps, endpoints and URLs by name, under the policies for them. */
export type InvokeRouter = {
  /** Rejects with a fault of invocation, or with what a policy ends the call with. */
  invoke(id: string, call: InvokeCall, signal: AbortSignal | undefined): Promise<InvokeAnswer>;
  /** The policy around calls of that target. */
  policyOf(id: string, method: string): Policy;
};

/**
 * Makes the router. There is one budget of retries: the built-in ones apply only where no policy names the app or
 * retries its calls (Dapr multiplies the two), the body is in hand and no peer answered; and where a peer may have
 * passed the call on before it was lost, only for methods whose repetition changes nothing.
 */
export function createInvokeRouter(options: RouterOptions): InvokeRouter {
  const { self, policies, run } = options;
  const builtIn = policies.builtIn('service');
  const addForwarded = forwardedBy(self);

  const policyOf = (id: string, method: string): Policy => {
    if (isUrl(id)) return policies.endpoint(id, `${id}/${method}`);
    const endpoint = options.endpoint(id);
    return policies.endpoint(id, `${id}:${endpoint?.baseUrl ?? method}`);
  };
  const hasOwnRetries = (id: string, remote: RemoteApp, method: string): boolean =>
    policies.definesApp(remote.appId) || policyOf(id, method).retry !== undefined;

  const invokeRemote = async (
    id: string,
    remote: RemoteApp,
    call: InvokeCall,
    signal: AbortSignal | undefined,
  ): Promise<InvokeAnswer> => {
    const headers = { ...call.headers, ...identityHeaders(self, remote.appId) };
    addForwarded(headers);
    const forwarded = { ...call, headers };
    const attempt = async () => {
      const peer = await options.connect(remote);
      const began = performance.now();
      options.watch?.requestSent(remote.appId, 'unary');
      const answer = await peer.invoke(forwarded, signal);
      options.watch?.responseReceived(remote.appId, answer.status, performance.now() - began);
      return answer;
    };
    if (isStream(call.body) || hasOwnRetries(id, remote, call.method)) return await attempt();
    let tries = 0;
    const counted = () => {
      tries += 1;
      return attempt();
    };
    const mayRetry = (thrown: unknown) => isUnreachable(thrown) && (isIdempotent(call.verb) || isUnseen(thrown));
    try {
      return await run(builtIn, counted, { signal, mayRetry });
    } catch (thrown) {
      if (!isUnreachable(thrown)) throw thrown;
      throw fault(
        'invoke-failed',
        `failed to invoke target ${remote.appId} after ${tries - 1} retries. Error: ${errorText(thrown)}`,
        { cause: thrown },
      );
    }
  };

  return {
    async invoke(id, call, signal) {
      const endpoint = options.endpoint(id);
      if (endpoint !== undefined) return endpoint.invoke(call, signal);
      const remote = splitAppId(id, self.namespace);
      if (remote.appId !== self.appId || remote.namespace !== self.namespace)
        return await invokeRemote(id, remote, call, signal);
      const app = options.app();
      if (app === undefined) throw fault('invoke-failed', 'cannot invoke local endpoint: app channel not initialized');
      return app(call, signal);
    },
    policyOf,
  };
}

/** No peer has answered. A name that nobody bears (`app-not-found`) is no such case: the resolver has waited for it. */
function isUnreachable(thrown: unknown): boolean {
  if (thrown instanceof Fault) return thrown.key === 'unavailable';
  return (
    thrown instanceof StatusError && (thrown.code === grpcCode.UNAVAILABLE || thrown.code === grpcCode.UNAUTHENTICATED)
  );
}

function identityHeaders(self: RemoteApp, callee: string): Record<string, string> {
  return {
    'destination-app-id': callee,
    'dapr-caller-namespace': self.namespace,
    'dapr-caller-app-id': self.appId,
    'dapr-callee-app-id': callee,
  };
}
