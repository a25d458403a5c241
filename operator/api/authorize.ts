import { fault } from '#kit/errors/fault.ts';
import { parseSpiffeId, type SpiffeId } from '#kit/pki/spiffe.ts';

/**
 * Who calls, if it may ask about that namespace: its own one only, in any trust domain, as apps and control plane live
 * in different ones; or any, for whom `everywhere` holds. Throws `permission-denied` otherwise.
 */
export function authorize(
  peer: { readonly spiffeId?: string },
  namespace: string,
  everywhere: (id: SpiffeId) => boolean = () => false,
): SpiffeId {
  const id = peer.spiffeId === undefined ? undefined : identity(peer.spiffeId);
  if (id && namespace !== '' && (id.namespace === namespace || everywhere(id))) return id;
  throw fault('permission-denied', 'identity does not match requested namespace');
}

function identity(spiffeId: string): SpiffeId | undefined {
  try {
    return parseSpiffeId(spiffeId);
  } catch {
    return undefined;
  }
}
