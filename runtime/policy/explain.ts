import type { z } from 'zod';
import { type Resiliency, resiliency } from '#crds/resiliency.ts';
import { toFault } from '#kit/errors/fault.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { configurationFromFiles } from '../resources/configuration.ts';
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

/** Says what the sidecar of an app with these files would do with a call, by the code that does it. */
export async function explain(
  question: Question,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Explanation> {
  const { ask } = question;
  if (ask.about !== 'access') return explainResiliency(question, await resources(question));
  const { spec } = await configurationFromFiles(question.configs, env, silentLogger);
  const list = readAccessList(spec.accessControl, { http: !ask.appProtocol.startsWith('grpc') });
  const { appId, namespace, trustDomain } = ask;
  const decision = list?.decide({ appId, namespace, trustDomain }, ask.method, ask.verb);
  return { about: 'access', ...(decision ?? { allowed: true, by: 'global' }) };
}

async function resources({ appId, resourcesPaths, namespace }: Question): Promise<Resiliency[]> {
  await using source = fileSource({ folders: resourcesPaths, namespace, log: silentLogger });
  return (await source.list(resiliency)).filter((one) => inScope(one, appId));
}

async function explainResiliency({ ask }: Question, all: readonly Resiliency[]): Promise<Explanation> {
  const tables = builtInTables();
  const problems: string[] = [];
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
