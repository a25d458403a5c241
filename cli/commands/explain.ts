import { spawn } from 'node:child_process';
import { type Command, Option } from 'commander';
import { fault } from '#kit/errors/fault.ts';
import { type Place, settingsAt } from '../explain/place.ts';
import type { Settings } from '../explain/settings.ts';
import { type Explanation, inWords } from '../explain/words.ts';
import { formatValue, type OutputFormat } from '../output/format.ts';
import { outputOption } from '../output/option.ts';
import { daprdPath } from '../paths.ts';
import type { CliWorld } from '../world.ts';

type Options = Place & { output: OutputFormat };

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

/** `outrigger explain`: what a sidecar does with a call, as its own program says of what it has been given. */
export function addExplain(program: Command, world: CliWorld): void {
  const parent = program
    .command('explain')
    .summary('show which policies and access rules apply to a call')
    .description(
      'Shows which resiliency policies and access rules a sidecar applies to a call. It is asked about the app that ' +
        "'outrigger run' keeps up under --app-id, about files, or with --kubernetes about the app's pods in a cluster.",
    );
  const command = (usage: string, summary: string) => withPlace(parent.command(usage).description(summary));
  command('app <id>', 'resiliency of calls of another app').action((name: string, options: Options) =>
    answer(world, options, () => ({ about: 'app', name })),
  );
  command('actor <type>', 'resiliency of calls of actors').action((name: string, options: Options) =>
    answer(world, options, () => ({ about: 'actor', name })),
  );
  command('component <name>', 'resiliency of calls of a component')
    .addOption(new Option('--kind <kind>', 'first word of its type').choices(Object.keys(kinds)).default('state'))
    .addOption(new Option('--direction <way>', 'which way').choices(['outbound', 'inbound']).default('outbound'))
    .action(
      (name: string, { kind, direction, ...options }: Options & { kind: keyof typeof kinds; direction: string }) =>
        answer(world, options, () => ({ about: 'component', name, kind: kinds[kind], direction })),
    );
  addAccess(command('access <path>', 'whether the app may be called by another one'), world);
}

function withPlace(command: Command): Command {
  return command
    .requiredOption('--app-id <id>', 'the app whose sidecar it is')
    .option('--resources-path <folder...>', 'folders with manifests, in place of those of the running app', [])
    .option('--config <file...>', 'Configuration files, in place of those of the running app', [])
    .option('-k, --kubernetes', 'ask about the app in the cluster of your kubeconfig')
    .option('-n, --namespace <name>', 'namespace of the app', 'default')
    .option('--kubeconfig <file>', 'in place of KUBECONFIG')
    .addOption(outputOption());
}

type Access = Options & { from: string; trustDomain: string; verb: string; appProtocol?: string };

function addAccess(command: Command, world: CliWorld): void {
  command
    .requiredOption('--from <id>', 'the app that calls; of another namespace: <id>.<namespace>')
    .option('--trust-domain <name>', "the caller's trust domain", 'public')
    .option('--verb <verb>', 'HTTP verb; empty for gRPC', '')
    .option('--app-protocol <protocol>', 'what the called app speaks, where nothing else says so')
    .action((method: string, { from, trustDomain, verb, appProtocol, ...options }: Access) =>
      answer(world, options, (settings) => {
        const [appId, namespace = settings.namespace] = from.split('.');
        const protocol = appProtocol ?? settings.appProtocol;
        return { about: 'access', appId, namespace, trustDomain, method, verb, appProtocol: protocol };
      }),
    );
}

async function answer(world: CliWorld, options: Options, ask: (settings: Settings) => object): Promise<void> {
  const { output, appId } = options;
  const settings = await settingsAt(options, world);
  const explanation = await explained({ appId, ...settings.question, ask: ask(settings) }, world);
  const { from } = settings;
  world.stdout.write(
    output === 'table'
      ? `${inWords(explanation)}Read from ${from}.\n`
      : await formatValue(output, { ...explanation, from }),
  );
}

/** Asks the sidecar's program, over its standard input: manifests may be longer than an argument. */
async function explained(question: object, { env }: CliWorld): Promise<Explanation> {
  const child = spawn(daprdPath, ['--explain=-'], { env });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  child.stdin.on('error', () => {}).end(JSON.stringify(question));
  const [stdout, stderr, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended]);
  if (code !== 0) throw fault('invalid-config', stderr.trim() || `${daprdPath} ended with code ${code}`);
  return JSON.parse(stdout) as Explanation;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString();
}
