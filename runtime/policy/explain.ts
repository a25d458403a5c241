import type { z } from 'zod';
import { type Configuration, configuration } from '#crds/configuration.ts';
import { type Resiliency, resiliency } from '#crds/resiliency.ts';
import { toFault } from '#kit/errors/fault.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { configurationFromFiles, defaultConfiguration } from '../resources/configuration.ts';
import { fileSource } from '../resources/files.ts';
import { inScope } from '../resources/source.ts';
import { type Decision, readAccessList } from './acl/access-list.ts';
import type { explainQuestion } from './explain-question.ts';
import { decodeResiliency, type TargetSpec } from './resiliency/decode.ts';
import { builtInTables } from './resiliency/resolve.ts';
import { actorPolicies, appPolicies, componentPolicies, type TargetPolicies } from './resiliency/targets.ts';

export type Question = z.output<typeof explainQuestion>;

/** One part of what surrounds a call. */
export type ExplainedPolicy = {
  part: 'timeout' | 'retry' | 'circuitBreaker';
  /** Its name, empty where there is none. */
  policy: string;
  /** As the resource has it. */
  settings: unknown;
  /** The Resiliency resource it is in; `built in` for those that Dapr brings. */
  resource: string;
};

export type Explanation =
  | {
      about: 'resiliency';
      /** Why these policies: `target` where a resource names the target, `default` for default policies. */
      by: 'target' | 'default';
      policies: ExplainedPolicy[];
      /** Resources that could not be read, and why. */
      problems: string[];
    }
  | ({ about: 'access' } & Decision);

type Env = Readonly<Record<string, string | undefined>>;

/** Says what the sidecar of an app with these files or manifests does with a call, by the code that does it. */
export async function explain(question: Question, env: Env): Promise<Explanation> {
  const { ask } = question;
  if (ask.about !== 'access') return explainResiliency(question);
  const { spec } = await configurationOf(question, env);
  const list = readAccessList(spec.accessControl, { http: !ask.appProtocol.startsWith('grpc') });
  const { appId, namespace, trustDomain } = ask;
  const decision = list?.decide({ appId, namespace, trustDomain }, ask.method, ask.verb);
  return { about: 'access', ...(decision ?? { allowed: true, by: 'global' }) };
}

async function configurationOf({ manifests, configs }: Question, env: Env): Promise<Configuration> {
  if (manifests === undefined) return configurationFromFiles(configs, env, silentLogger);
  return manifests.configuration === undefined ? defaultConfiguration() : configuration.parse(manifests.configuration);
}

/** The resources for the app; what cannot be read is left out, as in the sidecar, and told. */
async function resources(question: Question, problem: (text: string) => void): Promise<Resiliency[]> {
  const { appId, resourcesPaths: folders, namespace, manifests } = question;
  await using source = fileSource({ folders, namespace, log: { ...silentLogger, warn: problem } });
  const all = manifests === undefined ? await source.list(resiliency) : parsed(manifests.resiliencies, problem);
  return all.filter((one) => inScope(one, appId));
}

function parsed(manifests: readonly unknown[], problem: (text: string) => void): Resiliency[] {
  return manifests.flatMap((manifest) => {
    try {
      return [resiliency.parse(manifest)];
    } catch (thrown) {
      problem(toFault(thrown).message);
      return [];
    }
  });
}

async function explainResiliency(question: Question): Promise<Explanation> {
  const { ask } = question;
  const problems: string[] = [];
  const all = await resources(question, (text) => problems.push(text));
  const tables = builtInTables();
  for (const { metadata, spec } of all) {
    try {
      await decodeResiliency(spec, tables, (text) => problems.push(`${metadata.name}: ${text}`));
    } catch (thrown) {
      problems.push(`${metadata.name}: ${toFault(thrown).message}`);
    }
  }
  const { spec, named } = policiesOf(ask, tables);
  const policies = explained(spec, all);
  if (ask.about === 'app' && !named && spec.retry === undefined) policies[1] = builtInRetry;
  return { about: 'resiliency', by: named ? 'target' : 'default', policies, problems };
}

type Asked = Question['ask'];

function policiesOf(ask: Asked, tables: ReturnType<typeof builtInTables>): TargetPolicies {
  if (ask.about === 'component') return componentPolicies(tables, ask.name, ask.kind, ask.direction);
  if (ask.about === 'actor') return actorPolicies(tables, ask.name);
  return appPolicies(tables, ask.about === 'app' ? ask.name : '');
}

/** Only where the peer was not reached, so that no app sees a call twice. */
const builtInRetry: ExplainedPolicy = {
  part: 'retry',
  policy: 'DaprBuiltInServiceRetries',
  settings: { policy: 'constant', duration: '1s', maxRetries: 3, when: 'no peer was reached' },
  resource: 'built in',
};

const tablesOf = { timeout: 'timeouts', retry: 'retries', circuitBreaker: 'circuitBreakers' } as const;
const parts = ['timeout', 'retry', 'circuitBreaker'] as const;

function explained(spec: TargetSpec, all: readonly Resiliency[]): ExplainedPolicy[] {
  return parts.map((part) => {
    const policy = spec[part] ?? '';
    const table = tablesOf[part];
    // Later resources replace what earlier ones say under the same name.
    const owner = all.findLast((one) => one.spec.policies?.[table]?.[policy] !== undefined);
    const settings = owner?.spec.policies?.[table]?.[policy];
    return { part, policy, settings, resource: owner?.metadata.name ?? '' };
  });
}
