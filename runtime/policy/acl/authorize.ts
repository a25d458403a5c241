import { grpcCode } from '#kit/errors/table.ts';
import type { Peer } from '#kit/grpc/peer.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { peerIdentity } from '#kit/pki/peer.ts';
import { formatSpiffeId, type SpiffeId } from '#kit/pki/spiffe.ts';
import type { AccessList, Decision } from './access-list.ts';

/** What is asked for: the method in the form that is forwarded, and its HTTP verb, empty for none. */
export type Asked = { method: string; verb: string };

/** Refuses a call of another sidecar that the list does not allow: throws PERMISSION_DENIED. */
export type Authorize = (asked: Asked, peer: Pick<Peer, 'certificate'>) => void;

/** Makes the check of a list. `decided` is told of every decision, for metrics. */
export function authorizer(
  list: AccessList,
  decided: (caller: SpiffeId | undefined, decision: Decision) => void,
): Authorize {
  return ({ method, verb }, peer) => {
    const caller = callerOf(peer);
    const decision = list.decide(caller, method, verb);
    decided(caller, decision);
    if (decision.allowed) return;
    const id = caller ? formatSpiffeId(caller) : '';
    throw new StatusError(
      grpcCode.PERMISSION_DENIED,
      `access control policy has denied access to id: ${id} operation: ${method} verb: ${verb || 'NONE'}`,
    );
  };
}

/** A certificate that is no identity refuses the call; none at all leaves it to the default. */
function callerOf({ certificate }: Pick<Peer, 'certificate'>): SpiffeId | undefined {
  if (!certificate) return undefined;
  try {
    return peerIdentity(certificate);
  } catch (thrown) {
    throw new StatusError(grpcCode.PERMISSION_DENIED, (thrown as Error).message, [], thrown);
  }
}
