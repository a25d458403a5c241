import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** Libraries that the C library opens by name, so that no program lists them; newer ones have them built in. */
const opened = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

/** Copies a program of this machine to `target` below `root`, with every shared library it loads. */
export function stageProgram(root: string, program: string, target: string): void {
  copy(root, program, target);
  for (const library of librariesOf(program)) copy(root, library, library);
}

function copy(root: string, source: string, target: string): void {
  const file = path.join(root, target);
  mkdirSync(path.dirname(file), { recursive: true });
  copyFileSync(realpathSync(source), file);
}

function librariesOf(program: string): string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  const paths = [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((found) => found[1]!);
  const folder = path.dirname(paths.find((file) => file.includes('libc.so')) ?? '/lib/libc.so.6');
  return [...paths, ...opened.map((name) => path.join(folder, name)).filter((file) => existsSync(file))];
}
