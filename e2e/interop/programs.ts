import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { run } from '../run.ts';

/** grpc-go's own interop client and server, and the certificates they bring (for names under `test.example.com`). */
export type InteropPrograms = { client: string; server: string; ca: string; cert: string; key: string };

const folder = import.meta.dirname;
const sources = { client: 'google.golang.org/grpc/interop/client', server: './server' };

/** Builds the programs of the version in go.mod, unless the cache has them. */
export async function interopPrograms(): Promise<InteropPrograms> {
  const go = (...args: string[]) => run('go', args, { cwd: folder });
  const downloaded = await go('mod', 'download', '-json', 'google.golang.org/grpc');
  const { Version: version, Dir: source } = JSON.parse(downloaded) as { Version: string; Dir: string };
  const bin = cacheFolder(`grpc-interop-${version}-2`);
  await mkdir(bin, { recursive: true });
  for (const [name, source] of Object.entries(sources)) {
    const target = join(bin, name);
    if (await exists(target)) continue;
    await go('build', '-o', `${target}.new`, source);
    await rename(`${target}.new`, target);
  }
  const certificates = join(source, 'testdata', 'x509');
  return {
    client: join(bin, 'client'),
    server: join(bin, 'server'),
    ca: join(certificates, 'server_ca_cert.pem'),
    cert: join(certificates, 'server1_cert.pem'),
    key: join(certificates, 'server1_key.pem'),
  };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
