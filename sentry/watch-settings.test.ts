import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { daprResources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { watchSettings } from './watch-settings.ts';

const manifest = (mtls: object, name = 'daprsystem') => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Configuration',
  metadata: { name, namespace: 'dapr-system' },
  spec: { mtls },
});
const config = { configuration: 'daprsystem', namespace: 'dapr-system' };

let abort: AbortController;
beforeEach(() => {
  abort = new AbortController();
});
afterEach(() => abort.abort());

/** A log whose next line of a level can be awaited. */
function listening() {
  const lines = { info: Promise.withResolvers<string>(), error: Promise.withResolvers<string>() };
  const next = (level: keyof typeof lines) => {
    lines[level] = Promise.withResolvers<string>();
    return lines[level].promise;
  };
  const log = {
    ...silentLogger,
    info: (line: string) => lines.info.resolve(line),
    error: (line: string) => lines.error.resolve(line),
  };
  return { log, next };
}

describe('watchSettings', () => {
  it('takes changes of the Configuration in the cluster, and keeps the last ones over a bad one', async () => {
    const kube = fakeKube();
    kube.put(daprResources.configurations, manifest({ workloadCertTTL: '1h' }));
    const { log, next } = listening();
    const settings = await watchSettings({ config, client: kube.client, log, signal: abort.signal });
    expect(settings.current().workloadCertTtlMs).toBe(3_600_000);
    const changed = next('info');
    kube.put(daprResources.configurations, manifest({ workloadCertTTL: '30s', allowedClockSkew: '1s' }));
    expect(await changed).toContain('certificates live 30s from now on, and begin 1s in the past');
    const refused = next('error');
    kube.put(daprResources.configurations, manifest({ workloadCertTTL: 'soon' }));
    expect(await refused).toContain('spec.mtls.workloadCertTTL: "soon" is not a duration');
    expect(settings.current()).toMatchObject({ workloadCertTtlMs: 30_000, allowedClockSkewMs: 1_000 });
  });

  it('takes changes of a file', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'sentry-settings-'));
    try {
      const file = path.join(folder, 'config.yaml');
      const write = (mtls: object) => writeFile(file, JSON.stringify(manifest(mtls)));
      await write({ workloadCertTTL: '1h' });
      const { log, next } = listening();
      const at = { configuration: file, namespace: 'default' };
      const settings = await watchSettings({ config: at, client: undefined, log, signal: abort.signal });
      const changed = next('info');
      await write({ workloadCertTTL: '2h' });
      await changed;
      expect(settings.current().workloadCertTtlMs).toBe(7_200_000);
    } finally {
      abort.abort();
      await rm(folder, { recursive: true });
    }
  });
});
