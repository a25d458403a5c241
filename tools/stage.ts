/**
 * Lays out in `dist/` what the Dockerfile copies beside the bundles: `root/`, the file system every image starts from
 * (the pinned Node, its shared libraries and the few files a C library looks for), `launchers/`, one command per
 * binary, and `components/`, one command per in-tree component.
 * Usage: node tools/stage.ts
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { components } from '#components/index.ts';
import { stageProgram } from './stage-program.ts';

const project = path.resolve(import.meta.dirname, '..');
const dist = path.join(project, 'dist');

function write(target: string, text: string, mode = 0o644): void {
  const file = path.join(dist, target);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
}

/** An image without a shell starts Node by the kernel's own reading of the first line, which takes one option. */
const launcher = (bundle: string, before = '', option = ''): string =>
  `#!/usr/bin/node${option}\n${before}require('/opt/${bundle}/start.cjs');\n`;

for (const folder of ['root', 'launchers', 'components'])
  rmSync(path.join(dist, folder), { recursive: true, force: true });

stageProgram(path.join(dist, 'root'), path.join(project, 'node_modules/node/bin/node'), '/usr/bin/node');
write('root/etc/passwd', 'root:x:0:0:root:/:/none\nnonroot:x:65532:65532:nonroot:/:/none\n');
write('root/etc/group', 'root:x:0:\nnonroot:x:65532:\n');
write('root/etc/nsswitch.conf', 'hosts: files dns\n');
mkdirSync(path.join(dist, 'root/tmp'));
chmodSync(path.join(dist, 'root/tmp'), 0o1777);

// The snapshot holds the program: this file is but its first line.
write('launchers/daprd', '#!/usr/bin/node --snapshot-blob=/opt/daprd/daprd.blob\n', 0o755);
for (const binary of ['component-host', 'sentry', 'operator', 'injector']) {
  // The operator holds much and computes little: a third less memory for some more collecting.
  const option = binary === 'operator' ? ' --optimize-for-size' : '';
  write(`launchers/${binary}`, launcher(binary, '', option), 0o755);
}
const types = new Set(Object.keys(components).map((key) => key.replace(/\/v\d+$/, '')));
for (const type of types) {
  write(`components/${type}`, launcher('component-host', `process.argv.splice(2, 0, '--type=${type}');\n`), 0o755);
}
process.stdout.write(`stage: Node and its libraries, ${types.size} components\n`);
