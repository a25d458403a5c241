/**
 * Writes the CustomResourceDefinitions that the chart installs and the docs page of each kind.
 * Usage: npm run gen:crds
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { kinds } from '../kinds.ts';
import { manifestYaml } from './manifest.ts';
import { page } from './page.ts';

const root = path.resolve(import.meta.dirname, '../..');
const manifests = path.join(root, 'charts/outrigger/crds');
const pages = path.join(root, 'docs/kinds');
mkdirSync(manifests, { recursive: true });
mkdirSync(pages, { recursive: true });
for (const kind of kinds) {
  writeFileSync(path.join(manifests, `${kind.plural}.yaml`), manifestYaml(kind));
  writeFileSync(path.join(pages, `${kind.singular}.md`), page(kind));
}
