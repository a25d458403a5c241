import { instanceHeader } from '#contracts/instances.ts';
import { connect } from '#kit/grpc/client.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import { lasting } from './lasting.ts';

const maxReceiveBytes = 64 * 1024 * 1024;

/** The way to a component that listens on a Unix socket; the connection is made again whenever it is lost. */
export function socketTransport(path: string, instance: string): Transport {
  const metadata = { [instanceHeader]: instance };
  return lasting(connect({ target: { path }, metadata, maxReceiveBytes, backoff: { initialMs: 50, maxMs: 2_000 } }));
}
