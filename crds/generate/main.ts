/**
 * Writes the CustomResourceDefinitions that the chart installs and the docs page of each kind.
 * Usage: npm run gen:crds
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { definition } from '../definition.ts';
import { kinds } from '../kinds.ts';
import { page } from './page.ts';

const root = path.resolve(import.meta.dirname, '../..');
const manifests = path.join(root, 'charts/outrigger/crds');
const pages = path.join(root, 'docs/kinds');
mkdirSync(manifests, { recursive: true });
mkdirSync(pages, { recursive: true });
const head = "# Written by 'npm run gen:crds' from crds/; do not edit.\n";
const style = { lineWidth: 120, aliasDuplicateObjects: false };
for (const kind of kinds) {
  writeFileSync(path.join(manifests, `${kind.plural}.yaml`), head + stringify(definition(kind), style));
  writeFileSync(path.join(pages, `${kind.singular}.md`), page(kind));
}
