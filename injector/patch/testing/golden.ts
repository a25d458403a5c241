import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { parseAllDocuments, stringify } from 'yaml';
import { component } from '#crds/component.ts';
import { plan } from '../plan.ts';
import type { Settings } from '../settings.ts';
import { applyPatch } from './apply-patch.ts';
import { testSettings } from './settings.ts';

/** A golden file: what it shows and under which settings, the pod as it came, the pod as it leaves, the warnings. */
export type Golden = {
  file: string;
  says: string;
  settings: Omit<Partial<Settings>, 'components'> & { components?: unknown[] };
  pod: V1Pod;
  patched: V1Pod | undefined;
  warnings: string[];
};

const folder = path.resolve(import.meta.dirname, '../golden');

export function readGoldens(): Golden[] {
  return readdirSync(folder).map((file) => {
    const text = readFileSync(path.join(folder, file), 'utf8');
    const [head, pod, patched] = parseAllDocuments(text).map((document) => document.toJSON());
    return { file, settings: {}, warnings: [], ...head, pod, patched };
  });
}

/** The pod after what the plan does to it. */
export function patchOf({ settings, pod }: Golden): { patched: V1Pod; warnings: string[] } {
  const components = (settings.components ?? []).map((manifest) => component.parse(manifest));
  const { operations, warnings } = plan(pod, testSettings({ ...settings, components }));
  return { patched: applyPatch(pod, operations), warnings };
}

/** Writes the file anew with what the plan does today. */
export function rewriteGolden(golden: Golden): void {
  const { patched, warnings } = patchOf(golden);
  const { says, settings, pod } = golden;
  const head = {
    says,
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
  const options = { lineWidth: 120, aliasDuplicateObjects: false };
  writeFileSync(
    path.join(folder, golden.file),
    [head, pod, patched].map((part) => stringify(part, options)).join('---\n'),
  );
}
