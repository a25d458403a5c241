import path from 'node:path';
import type { Command } from 'commander';
import type { CliWorld } from '../world.ts';
import { chartPath, runProgram } from './helm.ts';

type Options = {
  namespace: string;
  release: string;
  set: string[];
  values?: string;
  kubeconfig?: string;
  timeout: string;
  ha?: boolean;
};

const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** `outrigger install` and `outrigger uninstall`: the chart, by the user's own helm and kubectl. */
export function addInstall(program: Command, world: CliWorld): void {
  common(program.command('install').summary('install or upgrade Outrigger in the cluster of your kubeconfig'))
    .description(
      'Applies the kinds (helm never upgrades those), then installs or upgrades the chart and waits until it is ready.',
    )
    .option('--set <name=value>', 'a value of the chart; may be given again', collect)
    .option('--values <file>', 'a file of values')
    .option('--ha', 'three of everything, spread over zones')
    .option('--timeout <duration>', 'longest wait until all is ready', '5m')
    .action(async (options: Options) => world.exit(await install(options, world)));
  common(program.command('uninstall').description('remove Outrigger from the cluster; your Components stay'))
    .option('--timeout <duration>', 'longest wait until all is gone', '5m')
    .action(async (options: Options) => {
      const args = [
        'uninstall',
        options.release,
        '--namespace',
        options.namespace,
        '--wait',
        '--timeout',
        options.timeout,
      ];
      world.exit(await runProgram('helm', [...args, ...at(options)], world));
    });
}

function common(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'namespace of the control plane', 'outrigger-system')
    .option('--release <name>', 'name of the release', 'outrigger')
    .option('--kubeconfig <file>', 'in place of KUBECONFIG');
}

const at = ({ kubeconfig }: Pick<Options, 'kubeconfig'>) =>
  kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];

async function install(options: Options, world: CliWorld): Promise<number> {
  const kinds = path.join(chartPath, 'crds');
  const applied = await runProgram(
    'kubectl',
    ['apply', '--server-side', '--force-conflicts', '-f', kinds, ...at(options)],
    world,
  );
  if (applied !== 0) return applied;
  const settings = [...(options.ha ? ['global.ha.enabled=true'] : []), ...(options.set ?? [])].flatMap((setting) => [
    '--set',
    setting,
  ]);
  const values = options.values === undefined ? [] : ['--values', options.values];
  const where = ['--namespace', options.namespace, '--create-namespace', '--wait', '--timeout', options.timeout];
  return runProgram(
    'helm',
    ['upgrade', '--install', options.release, chartPath, ...where, ...settings, ...values, ...at(options)],
    world,
  );
}
