import { parseAllDocuments } from 'yaml';
import { chart, helm } from '#e2e/helm.ts';

/** The namespace that manifests are rendered for. */
export const namespace = 'outrigger-system';

/** A rendered object. */
export type Manifest = {
  kind: string;
  metadata: { name: string; namespace?: string; labels: Record<string, string>; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: what a template renders
  [field: string]: any;
};

/** `--set` for each `name=value`. */
export const settings = (values: readonly string[]): string[] => values.flatMap((value) => ['--set', value]);

/** What helm would install with these values (`name=value`); asks no cluster. */
export async function render(...values: string[]): Promise<Manifest[]> {
  const text = await helm(
    '/dev/null',
    ...['template', 'outrigger', chart, '--namespace', namespace, '--kube-version', '1.34.0'],
    ...settings(values),
  );
  return parseAllDocuments(text)
    .map((document) => document.toJSON() as Manifest)
    .filter(Boolean);
}

/** The objects of one kind, by name. */
export const ofKind = (manifests: readonly Manifest[], kind: string): Record<string, Manifest> =>
  Object.fromEntries(manifests.filter((one) => one.kind === kind).map((one) => [one.metadata.name, one]));
