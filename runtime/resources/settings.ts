import { randomUUID } from 'node:crypto';
import type { SecretStore, SecretValues } from '#contracts/secret.ts';
import { type NameValue, valueText } from '#crds/name-value.ts';
import { fault, toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';

/** What the settings of a resource may refer to. */
export type SettingsWorld = {
  appId: string;
  namespace: string;
  podName: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The operator has put secrets of the store `kubernetes` in place, in base64. */
  operatorResolves: boolean;
  /** A loaded secret store. */
  secretStore(name: string): SecretStore | undefined;
  log: Logger;
};

export type Settings = {
  /** Every value as text, secrets and templates filled in. */
  values: Record<string, string>;
  /** Which secret each value came from, for those that did. */
  secretNames: Record<string, string>;
  /** Names of values whose secret could not be read, each with why; what the manifest gives stands in their place. */
  unread: Record<string, string>;
};

type Owner = { kind: string; name: string; namespace: string | undefined; secretStore: string };

/** Where settings need a store that is not loaded, its name. */
export function missingStore(pairs: readonly NameValue[], owner: Owner, world: SettingsWorld): string | undefined {
  const { secretStore } = owner;
  if (secretStore === '' || (world.operatorResolves && isClusters(secretStore))) return undefined;
  const needed = pairs.some((pair) => secretOf(pair) !== undefined && !fromEnv(pair));
  return needed && world.secretStore(secretStore) === undefined ? secretStore : undefined;
}

/** Resolves name-value pairs: environment, secrets, then templates. */
export async function resolveSettings(
  pairs: readonly NameValue[],
  owner: Owner,
  world: SettingsWorld,
  signal: AbortSignal,
): Promise<Settings> {
  const secrets = new Map<string, SecretValues>();
  const values: Record<string, string> = {};
  const secretNames: Record<string, string> = {};
  const unread: Record<string, string> = {};
  for (const pair of pairs) {
    const secret = secretOf(pair);
    let text = valueText(pair.value) ?? '';
    if (fromEnv(pair)) text = envValue(pair, owner, world);
    else if (secret !== undefined) {
      secretNames[pair.name] = secret.name;
      const found = await secretValue(secret, valueText(pair.value), owner, world, secrets, signal);
      if ('value' in found) text = found.value;
      else unread[pair.name] = found.problem;
    }
    values[pair.name] = fillTemplates(text, pair.name, world);
  }
  return { values, secretNames, unread };
}

/** A resource in Kubernetes that names no store means the cluster's. Source: Dapr `pkg/runtime/meta`. */
const isClusters = (secretStore: string) => secretStore === '' || secretStore === 'kubernetes';

const secretOf = ({ secretKeyRef }: NameValue) => (secretKeyRef?.name ? secretKeyRef : undefined);
const fromEnv = ({ value, envRef }: NameValue) => (valueText(value) ?? '') === '' && !!envRef;

function envValue({ envRef = '' }: NameValue, { kind, name }: Owner, { env, log }: SettingsWorld): string {
  if (isEnvAllowed(envRef, env['DAPR_ENV_KEYS'])) return env[envRef] ?? '';
  log.warn(`${kind} ${name} references an env variable that isn't allowed: ${envRef}`);
  return '';
}

/**
 * Whether a manifest may read an environment variable: never tokens and Dapr's own, and only those of the list that the
 * injector sets, if it does. Source: Dapr `pkg/runtime/processor/secret`.
 */
export function isEnvAllowed(name: string, list: string | undefined): boolean {
  const upper = name.toUpperCase();
  if (upper === '' || upper === 'APP_API_TOKEN' || upper.startsWith('DAPR_') || upper.includes(' ')) return false;
  return !list || list.split(' ').includes(upper);
}

async function secretValue(
  ref: { name: string; key: string },
  given: string | undefined,
  owner: Owner,
  world: SettingsWorld,
  known: Map<string, SecretValues>,
  signal: AbortSignal,
): Promise<{ value: string } | { problem: string }> {
  const { secretStore, namespace = '' } = owner;
  const key = ref.key || ref.name;
  const lacks = { problem: `secret ${ref.name} has no key ${key}` };
  if (world.operatorResolves && isClusters(secretStore))
    return given === undefined ? lacks : { value: Buffer.from(given, 'base64').toString() };
  if (secretStore === '') return { problem: 'auth.secretStore names no secret store' };
  const store = world.secretStore(secretStore);
  if (store === undefined) return { problem: `secret store ${secretStore} is not loaded` };
  try {
    const found = known.get(ref.name) ?? (await store.get({ name: ref.name, metadata: { namespace } }, signal));
    known.set(ref.name, found);
    return found[key] ? { value: found[key] } : lacks;
  } catch (thrown) {
    return { problem: `secret ${ref.name} of ${secretStore}: ${toFault(thrown).message}` };
  }
}

/** Fills `{uuid}` (each anew), `{podName}`, `{namespace}` (namespace and app ID with a dot between) and `{appID}`. */
function fillTemplates(text: string, name: string, world: SettingsWorld): string {
  if (!text.includes('{')) return text;
  if (text.includes('{podName}') && world.podName === '') {
    throw fault('invalid-metadata', `property ${name} refers to {podName} but POD_NAME is not set`);
  }
  return text
    .replace(/\{uuid\}/g, () => randomUUID())
    .replaceAll('{podName}', world.podName)
    .replaceAll('{namespace}', `${world.namespace}.${world.appId}`)
    .replaceAll('{appID}', world.appId);
}
