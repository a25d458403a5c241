import { join } from 'node:path';
import { cachedProgram } from '../cached-program.ts';
import { goBuild } from '../go-build.ts';
import { run } from '../run.ts';
import { despiteBadDays } from '../transient.ts';

/** grpc-go's own interop client and server, and the certificates they bring (for names under `test.example.com`). */
export type InteropPrograms = { client: string; server: string; ca: string; cert: string; key: string };

const folder = import.meta.dirname;
const sources = { client: 'google.golang.org/grpc/interop/client', server: './server' };

/** Builds the programs of the version in go.mod, unless the cache has them. */
export async function interopPrograms(): Promise<InteropPrograms> {
  const download = ['mod', 'download', '-json', 'google.golang.org/grpc'];
  const downloaded = await despiteBadDays(() => run('go', download, { cwd: folder }));
  const { Version: version, Dir: source } = JSON.parse(downloaded) as { Version: string; Dir: string };
  const program = (name: keyof typeof sources) =>
    cachedProgram(`grpc-interop-${version}-2`, name, (path) => goBuild(folder, path, sources[name]));
  const certificates = join(source, 'testdata', 'x509');
  return {
    client: await program('client'),
    server: await program('server'),
    ca: join(certificates, 'server_ca_cert.pem'),
    cert: join(certificates, 'server1_cert.pem'),
    key: join(certificates, 'server1_key.pem'),
  };
}
