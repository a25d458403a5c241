import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { type Docker, startDocker } from '../docker.ts';
import { type Registry, startRegistry } from '../registry.ts';
import { type Builder, type ImageSource, imageBuilder } from './builder.ts';

describe('building images', () => {
  let folder: string;
  let registry: Registry;
  let engine: Docker;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-builder-'));
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch AS first\nCOPY Dockerfile /\nFROM first AS second\n');
    registry = await startRegistry();
    engine = await startDocker();
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const source = (tool: string): ImageSource => ({
    name: `${registry.name}/outrigger/${tool}:1`,
    context: folder,
    dockerfile: join(folder, 'Dockerfile'),
    target: 'first',
  });
  const builder = (tool: Builder['tool']) => imageBuilder({ tool, env: { DOCKER_HOST: engine.host } });

  it.each(['docker', 'buildah'] as const)('%s pushes to a registry on loopback', async (tool) => {
    await using made = await builder(tool);
    await made.push(source(tool));
    const tags = await fetch(`http://${registry.name}/v2/outrigger/${tool}/tags/list`);
    expect(await tags.json()).toEqual({ name: `outrigger/${tool}`, tags: ['1'] });
  });

  it.each(['docker', 'buildah'] as const)('%s writes an archive', async (tool) => {
    await using made = await builder(tool);
    const file = join(folder, `${tool}.tar`);
    await made.archive(source(tool), file);
    expect((await stat(file)).size).toBeGreaterThan(0);
  });

  it('takes docker where its engine answers, else buildah', async () => {
    await using found = await imageBuilder({ env: { DOCKER_HOST: engine.host } });
    await using other = await imageBuilder({ env: { DOCKER_HOST: `unix://${folder}/none.sock` } });
    expect([found.tool, other.tool]).toEqual(['docker', 'buildah']);
  });
});
