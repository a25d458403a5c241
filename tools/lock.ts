/**
 * Rewrites package-lock.json so that `npm ci` works on every platform and whatever registry mirror is used: download
 * addresses are left out, and optional packages for other platforms, which a mirror may not carry, get their entries.
 * Usage: npm install --package-lock-only && node tools/lock.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

type Entry = {
  version?: string;
  resolved?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

const systems = [
  'android',
  'darwin',
  'win32',
  'windows',
  'freebsd',
  'openbsd',
  'netbsd',
  'sunos',
  'aix',
  'linux',
  'openharmony',
  'wasm32',
];
const processors = ['arm64', 'aarch64', 'x64', 'ia32', 'arm', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el'];
const aliases: Readonly<Record<string, string>> = { windows: 'win32', aarch64: 'arm64' };

const file = path.resolve(import.meta.dirname, '../package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> };

/** The entry of a platform package that is not there; none where the name does not tell a platform. */
function platformEntry(name: string, version: string, dev: boolean): Entry | undefined {
  const words = name.split('/').at(-1)!.split('-');
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word)) ?? (os === 'wasm32' ? 'wasm32' : undefined);
  if (os === undefined) return undefined;
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : undefined;
  return {
    version: version.replace(/^[\^~]/, ''),
    ...(cpu === undefined ? {} : { cpu: [aliases[cpu] ?? cpu] }),
    ...(dev ? { dev } : {}),
    ...(libc ? { libc } : {}),
    optional: true,
    ...(os === 'wasm32' ? {} : { os: [aliases[os] ?? os] }),
  };
}

let added = 0;
for (const [place, entry] of Object.entries(lock.packages)) {
  if (entry.resolved?.startsWith('https://')) delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (`node_modules/${name}` in lock.packages || `${place}/node_modules/${name}` in lock.packages) continue;
    const missing = platformEntry(name, version, entry.dev === true);
    if (missing === undefined) continue;
    lock.packages[`node_modules/${name}`] = missing;
    added += 1;
  }
}
const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
process.stdout.write(`lock: ${added} platform packages added\n`);
