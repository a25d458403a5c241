import type { X509Certificate } from 'node:crypto';
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
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
export function spiffeIdOf(certificate: X509Certificate): string | undefined {
  try {
    return formatSpiffeId(peerIdentity(certificate));
  } catch {
    return undefined;
  }
}

const known = new WeakMap<Http2Session | Socket, Peer>();

/** The peer of a session, worked out once. */
export function peerOf(session: Http2Session | undefined): Peer {
  if (session === undefined) return { address: '' };
  return known.get(session) ?? remembered(session, describe(session.socket, session.encrypted === true));
}

/** The peer at the other end of a connection without sessions, worked out once. */
export function peerOfSocket(socket: Socket): Peer {
  return known.get(socket) ?? remembered(socket, describe(socket, 'encrypted' in socket));
}

function remembered(by: Http2Session | Socket, peer: Peer): Peer {
  known.set(by, peer);
  return peer;
}

function describe(socket: Socket, encrypted: boolean): Peer {
  const { remoteAddress, remotePort } = socket;
  const address = remoteAddress === undefined ? 'unix' : `${bracketed(remoteAddress)}:${remotePort}`;
  const certificate = encrypted ? (socket as TLSSocket).getPeerX509Certificate() : undefined;
  if (certificate === undefined) return { address };
  const spiffeId = spiffeIdOf(certificate);
  return spiffeId === undefined ? { address, certificate } : { address, certificate, spiffeId };
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
