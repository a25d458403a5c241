/**
 * Writes components/index.ts and docs/components/ from the component files.
 * Usage: node components/generate.ts
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Component } from '#contracts/component.ts';
import { describeSettings } from '#contracts/describe-settings.ts';

const here = import.meta.dirname;
const docs = path.resolve(here, '../docs/components');

type Found = { file: string; component: Component };

/** A component file is one which exports `component`; others beside it are its parts. */
async function find(): Promise<Found[]> {
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter(
      (file) => file.includes('/') && !file.startsWith('host/') && file.endsWith('.ts') && !file.endsWith('.test.ts'),
    )
    .sort();
  const found: Found[] = [];
  for (const file of files) {
    const module = (await import(path.join(here, file))) as { component?: Component };
    if (module.component) found.push({ file, component: module.component });
  }
  return found.sort((a, b) => a.component.type.localeCompare(b.component.type, 'en') || newestFirst(a, b));
}

/** Versions of a type that differ in their settings or layout are components of their own. */
const newestFirst = (a: Found, b: Found): number => (a.component.versions[0] < b.component.versions[0] ? 1 : -1);

function index(found: readonly Found[]): string {
  const lines = found.flatMap(({ file, component: { type, aliases = [], versions } }) =>
    [type, ...aliases].flatMap((name) =>
      versions.map((version) => entry(`  '${name}/${version}': async () =>`, `(await import('./${file}')).component,`)),
    ),
  );
  return [
    "// Written by components/generate.ts: run `npm run gen:components`.\nimport type { Component } from '#contracts/component.ts';\n",
    '/** Every component by `type/version`, both in lower case. A component is loaded when it is first asked for. */',
    `export const components: Readonly<Record<string, () => Promise<Component>>> = {\n${lines.join('\n')}\n};\n`,
  ].join('\n');
}

/** On one line where it fits, as the formatter has it. */
const entry = (key: string, value: string): string =>
  key.length + 1 + value.length <= 120 ? `${key} ${value}` : `${key}\n    ${value}`;

function page({ component }: Found): string {
  const { type, aliases = [], versions, title, description, settings } = component;
  const rows = describeSettings(settings).map((one) => {
    const also = one.aliases.length ? ` Also: ${one.aliases.map((alias) => `\`${alias}\``).join(', ')}.` : '';
    const fallback = one.required ? 'required' : one.default && `\`${one.default}\``;
    return `| \`${one.name}\` | ${one.form} | ${fallback} | ${one.description}${also}${one.secret ? ' Keep it in a secret.' : ''} |`;
  });
  const table = ['| Metadata | Form | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n');
  const names = [type, ...aliases].map((name) => `\`${name}\``).join(', ');
  return `# ${title}\n\n${names}, ${versions.join(', ')}\n\n${description}\n\n${rows.length ? table : 'It takes no metadata.'}\n`;
}

const found = await find();
writeFileSync(path.join(here, 'index.ts'), index(found));
rmSync(docs, { recursive: true, force: true });
mkdirSync(docs, { recursive: true });
for (const [type, ofType] of Object.entries(Object.groupBy(found, ({ component }) => component.type))) {
  writeFileSync(path.join(docs, `${type}.md`), ofType!.map(page).join('\n'));
}
