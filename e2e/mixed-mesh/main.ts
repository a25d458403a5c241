/**
 * Calls apps through a sidecar of ours and a daprd of Dapr's, either way round, with mutual TLS by our sentry, and prints
 * what passed. PEER_DAPRD names Dapr's daprd. Exits 1 when a check failed.
 * Usage: PEER_DAPRD=/path/to/daprd node e2e/mixed-mesh/main.ts
 */
import path from 'node:path';
import process from 'node:process';
import { checks } from './checks.ts';
import { startMesh } from './mesh.ts';

const peer = process.env['PEER_DAPRD'];
if (!peer) {
  process.stderr.write(
    'mixed-mesh: PEER_DAPRD is not set: name a daprd of Dapr 1.18 (go build ./cmd/daprd in its repository)\n',
  );
  process.exit(1);
}
const ours = path.resolve(import.meta.dirname, '../../bin/daprd');
const ways = [
  { name: 'ours → daprd', caller: ours, callee: peer },
  { name: 'daprd → ours', caller: peer, callee: ours },
];
let failed = 0;
for (const { name, caller, callee } of ways) {
  await using mesh = await startMesh(caller, callee);
  for (const [what, check] of Object.entries(checks)) {
    const problem = await check(mesh).then(
      () => undefined,
      (thrown: Error) => thrown.message,
    );
    if (problem !== undefined) failed += 1;
    process.stdout.write(`${problem === undefined ? 'ok  ' : 'FAIL'}  ${name}  ${what}\n`);
    if (problem !== undefined) process.stdout.write(`      ${problem.replaceAll('\n', '\n      ')}\n`);
  }
}
const all = ways.length * Object.keys(checks).length;
process.stdout.write(`${all - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
