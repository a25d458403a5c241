import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { peerIdentity } from '#kit/pki/peer.ts';
import { formatSpiffeId } from '#kit/pki/spiffe.ts';

/** Who is at the other end of a connection. */
export type Peer = {
  /** `ip:port`, or `unix` for a Unix socket. */
  readonly address: string;
  /** The certificate it proved to own, when TLS is mutual. */
  readonly certificate?: X509Certificate;
  /** The SPIFFE ID in that certificate. */
  readonly spiffeId?: string;
};

/** The Dapr identity a certificate is for, read from its encoding: the text form can be made to look like another. */
function spiffeIdOf(certificate: X509Certificate): string | undefined {
  try {
    return formatSpiffeId(peerIdentity(certificate));
  } catch {
    return undefined;
  }
}

const known = new WeakMap<Duplex, Peer>();

/** The peer of a connection, worked out once. */
export function peerOf(socket: Duplex): Peer {
  let peer = known.get(socket);
  if (peer === undefined) {
    peer = describe(socket as Socket);
    known.set(socket, peer);
  }
  return peer;
}

function describe(socket: Socket): Peer {
  const { remoteAddress, remotePort } = socket;
  const address = remoteAddress === undefined ? 'unix' : `${bracketed(remoteAddress)}:${remotePort}`;
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return { address };
  const spiffeId = spiffeIdOf(certificate);
  return spiffeId === undefined ? { address, certificate } : { address, certificate, spiffeId };
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
