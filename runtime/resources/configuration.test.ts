import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { configurationFromFiles, enabledFeatures, expandEnv } from './configuration.ts';

async function loaded(texts: string[], env: Record<string, string> = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'configuration-'));
  await using _cleaned = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const files = texts.map((_, i) => path.join(folder, `${i}.yaml`));
  await Promise.all(files.map((file, i) => writeFile(file, texts[i]!)));
  return await configurationFromFiles(files, env, silentLogger);
}

describe('the Configuration of files', () => {
  it('lays later files over earlier ones, lists as a whole', async () => {
    const { spec } = await loaded([
      'spec: {tracing: {samplingRate: "1", stdout: true}, features: [{name: A, enabled: true}]}',
      'spec: {tracing: {samplingRate: "0.5"}, features: [{name: B, enabled: true}]}',
    ]);
    expect(spec.tracing).toMatchObject({ samplingRate: '0.5', stdout: true });
    expect(spec.features).toEqual([{ name: 'B', enabled: true }]);
  });

  it('fills in the environment', async () => {
    const braced = (name: string) => `\${${name}}`;
    const { spec } = await loaded([`spec: {tracing: {samplingRate: "${braced('RATE')}"}}`], { RATE: '0.25' });
    expect(spec.tracing?.samplingRate).toBe('0.25');
    expect(expandEnv(`$A-${braced('B')}-$C`, { A: '1', B: '2' })).toBe('1-2-');
  });

  it('names the file it cannot read', async () => {
    await expect(configurationFromFiles(['/none/config.yaml'], {}, silentLogger)).rejects.toThrow(
      'error loading configuration: cannot read /none/config.yaml: ENOENT',
    );
  });

  it('is refused whole where a part of it is not YAML', async () => {
    await expect(loaded(['spec: {accessControl: {defaultAction: deny}', 'spec: ['])).rejects.toThrow(
      /error loading configuration: .*0\.yaml is not YAML throughout/,
    );
  });

  it('starts with the features that are on by default', async () => {
    expect(enabledFeatures(await loaded([]))).toEqual(['HotReload', 'WorkflowsRemoteActivityReminder']);
    const changed = await loaded(['spec: {features: [{name: HotReload, enabled: false}, {name: X, enabled: true}]}']);
    expect(enabledFeatures(changed)).toEqual(['WorkflowsRemoteActivityReminder', 'X']);
  });
});
