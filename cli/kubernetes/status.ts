import type { Command } from 'commander';
import { type KubeClient, kubeClient } from '#kit/kube/client.ts';
import { connectKube, flagFirst } from '#kit/kube/connect.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import { type Column, formatRows, type OutputFormat } from '../output/format.ts';
import { outputOption } from '../output/option.ts';
import type { CliWorld } from '../world.ts';

type Options = { kubeconfig?: string; output: OutputFormat };

/** Where one thing of the cluster stands. */
type Row = { kind: string; namespace: string; name: string; ready: string; reason: string };

const columns: readonly Column<Row>[] = [
  { title: 'KIND', value: (row) => row.kind },
  { title: 'NAMESPACE', value: (row) => row.namespace },
  { title: 'NAME', value: (row) => row.name },
  { title: 'READY', value: (row) => row.ready },
  { title: 'REASON', value: (row) => row.reason },
];

/** `outrigger status`: the control plane and every Component, with what is wrong; exit code 1 where something is. */
export function addStatus(program: Command, world: CliWorld): void {
  program
    .command('status')
    .summary('show the control plane and the Components of the cluster, and what is wrong')
    .description(
      'Shows the control plane and the Components of the cluster, and what is wrong. Exit code 1 where something is.',
    )
    .option('--kubeconfig <file>', 'in place of KUBECONFIG')
    .addOption(outputOption())
    .action(async ({ kubeconfig, output }: Options) => {
      using client = kubeClient(await connectKube({ order: flagFirst, kubeconfig: kubeconfig ?? '', env: world.env }));
      const rows = [...(await controlPlane(client)), ...(await componentRows(client))];
      world.stdout.write(await formatRows(output, rows, columns));
      world.exit(rows.some((row) => row.reason !== '') ? 1 : 0);
    });
}

type Deployment = KubeObject & { spec?: { replicas?: number }; status?: { readyReplicas?: number } };

async function controlPlane(client: KubeClient): Promise<Row[]> {
  const { items } = await client.list<Deployment>(resources.deployments, {
    labelSelector: 'app.kubernetes.io/part-of=dapr',
  });
  if (items.length === 0)
    return [
      {
        kind: 'Control plane',
        namespace: '',
        name: '',
        ready: '0/0',
        reason: "not installed: run 'outrigger install'",
      },
    ];
  return items.map(({ metadata, spec, status }) => {
    const wanted = spec?.replicas ?? 1;
    const ready = status?.readyReplicas ?? 0;
    const reason = ready < wanted ? `see 'kubectl describe deployment ${metadata.name} -n ${metadata.namespace}'` : '';
    return {
      kind: 'Deployment',
      namespace: metadata.namespace ?? '',
      name: metadata.name ?? '',
      ready: `${ready}/${wanted}`,
      reason,
    };
  });
}

type Condition = { type: string; status: string; reason?: string; message?: string };
type ComponentObject = KubeObject & { status?: { loaded?: string; conditions?: readonly Condition[] } };

async function componentRows(client: KubeClient): Promise<Row[]> {
  const { items } = await client.list<ComponentObject>(daprResources.components);
  return items.map(({ metadata, status }) => {
    const wrong = status?.conditions?.find((condition) => condition.status === 'False');
    const reason = wrong === undefined ? '' : `${wrong.type}: ${wrong.message || wrong.reason}`;
    return {
      kind: 'Component',
      namespace: metadata.namespace ?? '',
      name: metadata.name ?? '',
      ready: status?.loaded ?? '',
      reason,
    };
  });
}
