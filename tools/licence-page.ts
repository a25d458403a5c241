/**
 * Writes docs/dependencies.md from package.json and the licences that package-lock.json records.
 * Usage: npm run gen:licences
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

type Locked = { license?: string; dev?: boolean; optional?: boolean };
type Direct = { dependencies: Record<string, string>; devDependencies: Record<string, string> };

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const { packages } = read('package-lock.json') as { packages: Record<string, Locked> };
const licenceOf = (name: string): string => packages[`node_modules/${name}`]?.license ?? 'unknown';

function table(names: readonly string[]): string {
  const rows = names.map((name) => `| [${name}](https://www.npmjs.com/package/${name}) | ${licenceOf(name)} |`);
  return ['| Package | Licence |', '|---|---|', ...rows].join('\n');
}

/** What comes with them, counted by licence. */
function shippedByLicence(): string {
  const shipped = Object.entries(packages).filter(([place, { dev, optional }]) => place !== '' && !dev && !optional);
  const groups = Object.groupBy(shipped, ([, { license }]) => license ?? 'unknown');
  return Object.entries(groups)
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([licence, places]) => `${licence} (${places!.length})`)
    .join(', ');
}

const { dependencies, devDependencies } = read('package.json') as Direct;
writeFileSync(
  path.join(root, 'docs/dependencies.md'),
  `<!-- Written by 'npm run gen:licences'; do not edit. -->

# Dependencies

## In the product

${table(Object.keys(dependencies))}

With all that these bring along: ${shippedByLicence()}.

## For work on it

${table(Object.keys(devDependencies))}
`,
);
