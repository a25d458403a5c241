import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Command, Option } from 'commander';
import { fault } from '#kit/errors/fault.ts';
import { formatRows, type OutputFormat, outputFormats } from '../output/format.ts';
import { table } from '../output/table.ts';
import { daprdPath } from '../paths.ts';
import type { CliWorld } from '../world.ts';

/** What the sidecar's program answers to `--explain`. */
type Explanation =
  | { about: 'access'; allowed: boolean; by: 'app' | 'global'; rule?: string }
  | { about: 'resiliency'; by: 'target' | 'default'; policies: Policy[]; problems: string[] };
type Policy = { part: string; policy: string; settings?: unknown; resource: string };

type Files = { appId: string; resourcesPath: string[]; config: string[]; output: OutputFormat };

const kinds = {
  state: 'Statestore',
  pubsub: 'Pubsub',
  bindings: 'Binding',
  secretstores: 'Secretstore',
  configuration: 'Configuration',
  lock: 'Lock',
  crypto: 'Crypto',
  conversation: 'Conversation',
} as const;

/** `outrigger explain`: what a sidecar with these files does with a call, as its own program says. */
export function addExplain(program: Command, world: CliWorld): void {
  const parent = program.command('explain').summary('show which policies and access rules apply to a call');
  const command = (usage: string, summary: string) =>
    parent
      .command(usage)
      .summary(summary)
      .requiredOption('--app-id <id>', 'the app whose sidecar it is')
      .option('--resources-path <folder...>', 'folders with manifests', [])
      .option('--config <file...>', 'Configuration files', [])
      .addOption(new Option('-o, --output <format>', 'how to print').choices(outputFormats).default('table'));
  command('app <id>', 'resiliency of calls of another app').action((name: string, files: Files) =>
    answer(world, files, { about: 'app', name }),
  );
  command('actor <type>', 'resiliency of calls of actors').action((name: string, files: Files) =>
    answer(world, files, { about: 'actor', name }),
  );
  command('component <name>', 'resiliency of calls of a component')
    .addOption(new Option('--kind <kind>', 'first word of its type').choices(Object.keys(kinds)).default('state'))
    .addOption(new Option('--direction <way>', 'which way').choices(['outbound', 'inbound']).default('outbound'))
    .action((name: string, { kind, direction, ...files }: Files & { kind: keyof typeof kinds; direction: string }) =>
      answer(world, files, { about: 'component', name, kind: kinds[kind], direction }),
    );
  addAccess(command('access <path>', 'whether the app may be called by another one'), world);
}

type Access = Files & { from: string; namespace: string; trustDomain: string; verb: string; appProtocol: string };

function addAccess(command: Command, world: CliWorld): void {
  command
    .requiredOption('--from <id>', 'the app that calls')
    .option('--namespace <name>', 'its namespace', 'default')
    .option('--trust-domain <name>', 'its trust domain', 'public')
    .option('--verb <verb>', 'HTTP verb; empty for gRPC', '')
    .option('--app-protocol <protocol>', 'what the called app speaks', 'http')
    .action((method: string, { from, namespace, trustDomain, verb, appProtocol, ...files }: Access) =>
      answer(world, files, { about: 'access', appId: from, namespace, trustDomain, method, verb, appProtocol }),
    );
}

async function answer(world: CliWorld, { appId, resourcesPath, config, output }: Files, ask: object): Promise<void> {
  const place = (one: string) => path.resolve(world.cwd, one);
  const question = { appId, resourcesPaths: resourcesPath.map(place), configs: config.map(place), ask };
  const explanation = await explained(question, world);
  world.stdout.write(output === 'table' ? inWords(explanation) : await formatRows(output, [explanation], []));
}

async function explained(question: object, { env }: CliWorld): Promise<Explanation> {
  try {
    const { stdout } = await promisify(execFile)(daprdPath, [`--explain=${JSON.stringify(question)}`], { env });
    return JSON.parse(stdout) as Explanation;
  } catch (thrown) {
    const { stderr = '', message } = thrown as Error & { stderr?: string };
    throw fault('invalid-config', stderr.trim() || message, { cause: thrown });
  }
}

function inWords(explanation: Explanation): string {
  if (explanation.about === 'access') {
    const { allowed, by, rule } = explanation;
    const whose = by === 'app' ? "by the caller's policy" : 'by the default of all callers';
    return `${allowed ? 'allowed' : 'denied'} ${whose}${rule === undefined ? '' : `, operation ${rule}`}\n`;
  }
  const { by, policies, problems } = explanation;
  const rows = policies.map(({ part, policy, settings, resource }) => [
    ...[part, policy || '-', settings === undefined ? '' : JSON.stringify(settings), resource],
  ]);
  const why = by === 'target' ? 'A resource names this target.' : 'No resource names this target: default policies.';
  const warnings = problems.map((problem) => `warning: ${problem}\n`).join('');
  return `${table(['PART', 'POLICY', 'SETTINGS', 'RESOURCE'], rows)}${why}\n${warnings}`;
}
