import { components } from '#components/index.ts';
import type { Component as Definition } from '#contracts/component.ts';
import { settingProblems } from '#contracts/settings.ts';
import { component } from '#crds/component.ts';
import { valueText } from '#crds/name-value.ts';
import { toFault } from '#kit/errors/fault.ts';
import { hostAnnotation } from '#kit/kube/annotations.ts';
import { nearest } from '#kit/values/nearest.ts';
import type { DaprResource } from '../resource.ts';
import { type Finding, findingsOf } from './condition.ts';
import { durationProblems } from './duration-problems.ts';

/** Definitions by `type/version` in lower case, each loaded when first asked for. */
export type Catalog = Readonly<Record<string, () => Promise<Pick<Definition, 'settings'>>>>;

const hosts = ['in-process', 'process', 'container', 'socket', 'remote', 'nats', 'wasm'];
/** Hosts that may bring types nobody here knows. */
const foreignHosts = ['socket', 'remote', 'nats', 'wasm'];

const finding = findingsOf('Accepted');

/**
 * Whether a Component's settings fit its type. `loaded` says that a sidecar has it open, which proves a type that a
 * pluggable component brings.
 */
export async function acceptComponent(
  resource: DaprResource,
  loaded: boolean,
  catalog: Catalog = components,
): Promise<Finding> {
  const manifest = parse(resource);
  if (typeof manifest === 'string') return finding('False', 'Invalid', manifest);
  const { type, version, metadata } = manifest.spec;
  const annotations = manifest.metadata.annotations ?? {};
  const host = annotations[hostAnnotation];
  if (host !== undefined && !hosts.includes(host))
    return finding('False', 'UnknownHost', `annotation ${hostAnnotation}: "${host}" is none of ${hosts.join(', ')}`);
  const definition = await find(catalog, type, version);
  if (!definition) {
    const brought = 'dapr.io/component-container' in annotations || foreignHosts.includes(host ?? '');
    if (loaded) return finding('True', 'Loaded', `a sidecar loaded it; ${type} is not built in`);
    if (brought)
      return finding('Unknown', 'Pluggable', `${type} is not built in: its settings are checked by what brings it`);
    return finding('False', 'UnknownType', unknownType(catalog, type, version));
  }
  const given = metadata.map((pair) => [pair.name, valueText(pair.value)] as const);
  const elsewhere = metadata.filter((pair) => pair.secretKeyRef?.name || pair.envRef).map((pair) => pair.name);
  const texts = Object.fromEntries(given.filter((pair): pair is [string, string] => pair[1] !== undefined));
  const problems = settingProblems(definition.settings, texts, elsewhere);
  if (problems.length > 0) return finding('False', 'InvalidSettings', `spec.metadata: ${problems.join('; ')}`);
  const [timeout] = durationProblems('spec.initTimeout', manifest.spec.initTimeout);
  if (timeout !== undefined) return finding('False', 'InvalidSettings', timeout);
  return finding('True', 'Valid', `its settings fit ${type}`);
}

function parse(resource: DaprResource): ReturnType<typeof component.parse> | string {
  try {
    return component.parse(resource);
  } catch (thrown) {
    return toFault(thrown).message;
  }
}

/** An empty version and `v0` mean `v1`. */
const keyOf = (type: string, version: string): string =>
  `${type}/${version === '' || version === 'v0' ? 'v1' : version}`.toLowerCase();

async function find(
  catalog: Catalog,
  type: string,
  version: string,
): Promise<Pick<Definition, 'settings'> | undefined> {
  const key = keyOf(type, version);
  return Object.hasOwn(catalog, key) ? catalog[key]!() : undefined;
}

function unknownType(catalog: Catalog, type: string, version: string): string {
  const keys = Object.keys(catalog);
  const versions = keys.filter((key) => key.startsWith(`${type.toLowerCase()}/`)).map((key) => key.split('/')[1]);
  if (versions.length > 0) return `spec.version: ${type} has no version "${version}", it has ${versions.join(', ')}`;
  const near = nearest(type, [...new Set(keys.map((key) => key.split('/')[0]!))]);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return `spec.type: "${type}" is not built in${hint || ';'} if a pluggable component brings it, say so by the annotation ${hostAnnotation}: socket`;
}
