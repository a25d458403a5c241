import { connect } from 'node:tls';
import { silentLogger } from '#kit/log/logger.ts';
import { makeRoot } from '#kit/pki/authority.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { privateKeyPem } from '#kit/pki/key.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { createGrpcServer } from './server.ts';

const newMaterial = async () => {
  const root = await makeRoot('test', { now: new Date(), ttlMs: 3_600_000, skewMs: 60_000 });
  return { cert: certificatesPem([root.certificate]), key: privateKeyPem(root.key) };
};

/** The key exchange and the certificate of a new connection. */
async function handshake(port: number) {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const seen = { exchange: socket.getEphemeralKeyInfo(), serial: socket.getPeerX509Certificate()?.serialNumber };
  socket.destroy();
  return seen;
}

describe('a server of brief connections', () => {
  it('exchanges keys by X25519 alone, before and after its certificate has changed', async () => {
    let material = await newMaterial();
    const tls = { material: () => material, brief: true };
    await using server = await createGrpcServer({ services: [], log: silentLogger, tls });
    const port = await server.listen('127.0.0.1', 0);
    const before = await handshake(port);
    material = await newMaterial();
    const after = await handshake(port);
    expect(before.serial).not.toBe(after.serial);
    for (const { exchange } of [before, after]) expect(exchange).toMatchObject({ name: 'X25519' });
  });

  it('differs from others, whose exchange withstands quantum computers too', async () => {
    const material = await newMaterial();
    const tls = { material: () => material };
    await using server = await createGrpcServer({ services: [], log: silentLogger, tls });
    const { exchange } = await handshake(await server.listen('127.0.0.1', 0));
    expect(exchange).not.toMatchObject({ name: 'X25519' });
  });
});
