import { toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { Call } from '#kit/grpc/call.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Informer } from '#kit/kube/informer.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { ResourceEventType } from '#proto/dapr/proto/operator/v1/operator_pb.js';
import { admits, type DaprResource } from '../resource.ts';
import { authorize } from './authorize.ts';
import { manifestBytes } from './manifest-bytes.ts';
import { type Resolve, resolveNothing, type SecretReader } from './secrets.ts';
import { updates } from './updates.ts';

/** What sidecars are told of a kind. */
export type KindServing = {
  /** What one of them is called in errors. */
  singular: string;
  informer: Informer<DaprResource>;
  /** How its secret references are filled, for the apps in its scopes alone; they are left as they are where this is. */
  resolve?: Resolve;
  /** Which of them a sidecar of the app gets in a list; all, where this is left out. */
  lists?: (resource: DaprResource, appId: string) => boolean;
  /** Which changes a sidecar of the app is told of besides its scopes; all, where this is left out. */
  concerns?: (namespace: string, appId: string) => (resource: DaprResource) => boolean;
};

export type ServingContext = {
  secrets: SecretReader;
  log: Logger;
  /** Fires when the operator stops: open streams then end with UNAVAILABLE. */
  stopping: AbortSignal;
};

type Manifest = Uint8Array<ArrayBuffer>;
type Request = { namespace: string };

/** A kind as the RPCs serve it. Each checks first that the caller asks about its own namespace. */
export type ServedKind = {
  list(request: Request, call: Pick<Call, 'peer'>): Promise<Manifest[]>;
  /** Throws UNKNOWN where there is none of that name, as Dapr's operator does. */
  get(request: Request & { name: string }, call: Pick<Call, 'peer'>): Promise<Manifest>;
  /** Changes from now on, until the caller or the operator goes. `message` makes one of them the RPC's. */
  changes<T>(
    request: Request,
    call: Call,
    message: (manifest: Manifest, type: ResourceEventType) => T,
  ): AsyncGenerator<T, void, void>;
};

/** Serves the manifests of one kind out of its cache. */
export function serveKind(serving: KindServing, { secrets, log, stopping }: ServingContext): ServedKind {
  const { singular, informer, resolve = resolveNothing, lists = () => true, concerns } = serving;
  const manifestOf = async (resource: DaprResource) => manifestBytes(await resolve(resource, secrets));
  return {
    async list({ namespace }, { peer }) {
      const { appId } = authorize(peer, namespace);
      const found = informer.list(namespace).filter((resource) => lists(resource, appId));
      // An app outside the scopes gets no secret, and starts where one is missing that it has no use for.
      const manifests = found.map((resource) =>
        admits(resource, appId) ? manifestOf(resource) : manifestBytes(resource),
      );
      return unknownFault(Promise.all(manifests));
    },
    async get({ namespace, name }, { peer }) {
      authorize(peer, namespace);
      const resource = informer.get(`${namespace}/${name}`);
      if (resource) return unknownFault(manifestOf(resource));
      throw unknown(`error getting ${singular} ${namespace}/${name}: not found`);
    },
    async *changes({ namespace }, call, message) {
      const { appId } = authorize(call.peer, namespace);
      call.sendHeaders();
      const concerned = concerns && { concerns: concerns(namespace, appId) };
      for await (const { resource, type } of updates({
        informer,
        namespace,
        appId,
        signal: call.signal,
        stopping,
        ...concerned,
      })) {
        try {
          yield message(await manifestOf(resource), type);
        } catch (thrown) {
          // The sidecar lists again when its stream ends, and is told of the reason there.
          const { name } = resource.metadata;
          log.warn(`Ended an update stream of ${namespace}/${appId}: ${name}: ${toFault(thrown).message}`);
          return;
        }
      }
    },
  };
}

const unknown = (message: string, cause?: unknown) => new StatusError(grpcCode.UNKNOWN, message, [], cause);

async function unknownFault<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw unknown(toFault(thrown).message, thrown);
  }
}
