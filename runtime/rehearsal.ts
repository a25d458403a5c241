/**
 * Imported as the image's snapshot is built (tools/snapshot), by nothing else: does once what every start does alike, so
 * that the code is compiled and what it keeps is there when a process starts from the snapshot.
 */
import { kinds } from '#crds/kinds.ts';
import { parseFlags } from '#kit/flags/parse.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';
import { documents } from './resources/files.ts';

const manifests = `
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: store
scopes: [shop]
spec:
  type: state.in-memory
  version: v1
  metadata:
  - name: url
    value: "http://127.0.0.1"
---
kind: Configuration
---
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: resiliency }
spec: { policies: {}, targets: {} }
`;

configure(parseFlags(flags, ['--app-id=shop']), {});
for (const { content } of documents('rehearsal.yaml', manifests, silentLogger)) {
  kinds.find(({ kind }) => kind === content['kind'])?.parse(content);
}
