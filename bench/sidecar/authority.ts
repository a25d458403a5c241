import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '#e2e/eventually.ts';
import { freePorts } from '#e2e/ports.ts';
import { start } from '#e2e/process.ts';
import type { SidecarOptions } from './subject.ts';

const sentry = join(import.meta.dirname, '..', '..', 'bin', 'sentry');

/** Starts our sentry; answers what sidecars of either kind need to have their identity from it. */
export async function startAuthority(
  folder: string,
  stack: AsyncDisposableStack,
): Promise<Pick<SidecarOptions, 'flags' | 'env'>> {
  const [port, health] = (await freePorts(2)) as [number, number];
  const credentials = join(folder, 'credentials');
  await mkdir(credentials);
  const at = ['--listen-address=127.0.0.1', `--port=${port}`, `--healthz-port=${health}`, '--metrics-port=0'];
  stack.use(start('sentry', sentry, [...at, `--issuer-credentials=${credentials}`], { log: join(folder, 'sentry') }));
  await eventually('sentry to be healthy', async () => {
    const answer = await fetch(`http://127.0.0.1:${health}/healthz`).catch(() => undefined);
    return answer?.ok ? true : undefined;
  });
  return {
    flags: { 'enable-mtls': 'true', 'sentry-address': `127.0.0.1:${port}`, 'control-plane-namespace': 'default' },
    env: { DAPR_TRUST_ANCHORS: await readFile(join(credentials, 'ca.crt'), 'utf8') },
  };
}
