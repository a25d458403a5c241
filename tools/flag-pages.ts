/**
 * Writes docs/flags/<binary>.md from each binary's flag table.
 * Usage: npm run gen:flags
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { flags as componentHost } from '../components/host/flags.ts';
import { flags as injector } from '../injector/flags.ts';
import type { FlagTable } from '../kit/flags/parse.ts';
import { flags as operator } from '../operator/flags.ts';
import { flags as daprd } from '../runtime/flags.ts';
import { flags as sentry } from '../sentry/flags.ts';

const folder = path.resolve(import.meta.dirname, '../docs/flags');
const binaries: Readonly<Record<string, FlagTable>> = {
  daprd,
  sentry,
  operator,
  injector,
  'component-host': componentHost,
};

function page(binary: string, table: FlagTable): string {
  const rows = Object.entries(table).map(([name, flag]) => {
    const { deprecated } = flag;
    if (deprecated !== undefined) return `| \`--${name}\` | ${flag.type} | | Deprecated: ${cell(deprecated)}. |`;
    const byDefault = flag.defaultText === '' ? '' : `\`${flag.defaultText}\``;
    return `| \`--${name}\` | ${flag.type} | ${byDefault} | ${cell(flag.description)}. |`;
  });
  return `<!-- Written by 'npm run gen:flags'; do not edit. -->

# Flags of ${binary}

\`-flag\` is the same as \`--flag\`, and \`--flag=value\` as \`--flag value\`. Every value that cannot be used is told at once,
with exit code 1.

| Flag | Value | Default | What it does |
|---|---|---|---|
${rows.join('\n')}
`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\.$/, '');

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [binary, table] of Object.entries(binaries)) {
  writeFileSync(path.join(folder, `${binary}.md`), page(binary, table));
}
