/**
 * Writes the docs page of the annotations from their table.
 * Usage: npm run gen:annotations
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Annotation } from './annotation.ts';
import { annotations, prefix } from './annotations.ts';

const rows = Object.entries<Annotation<unknown>>(annotations).map(([name, annotation]) => {
  const shown =
    annotation.default === undefined || annotation.default === '' ? '' : `\`${String(annotation.default)}\``;
  return `| \`${prefix}${name}\` | ${annotation.type} | ${shown === '``' ? '' : shown} | ${annotation.description} |`;
});

const page = `<!-- Written by 'npm run gen:annotations' from injector/patch/annotations.ts; do not edit. -->

# Annotations of a pod

They go on the pod, in a Deployment or Job on its template. Only \`dapr.io/enabled\` is needed. Switches take
\`y yes true t on 1\` in any case. A number that cannot be read, or an annotation that nobody knows, is answered with a
warning and ignored.

| Annotation | Type | Default | What it does |
|---|---|---|---|
${rows.join('\n')}

# Annotations of a Component

| Annotation | What it does |
|---|---|
| \`outrigger.dev/host\` | \`container\` adds a container that runs the component to every pod that may use it. |
| \`dapr.io/component-container\` | A pluggable component's container, as JSON; added to pods with \`dapr.io/inject-pluggable-components\`. |
`;

writeFileSync(path.resolve(import.meta.dirname, '../../docs/annotations.md'), page);
