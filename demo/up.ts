import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { table } from '#cli/output/table.ts';
import { startApiProxy } from '#e2e/api-proxy.ts';
import { command } from '#e2e/command.ts';
import { installChart, systemNamespace } from '#e2e/helm.ts';
import type { Kubectl } from '#e2e/kubectl.ts';
import type { PodList } from '#e2e/pod.ts';
import type { Progress } from '#e2e/progress.ts';
import { type Target, target } from '#e2e/target.ts';
import { namespace, type Order, shopAt } from './shop.ts';
import { componentRows, podRows } from './tables.ts';

const orders: Order[] = [
  { id: '1001', item: 'paddle', quantity: 2 },
  { id: '1002', item: 'sail', quantity: 1 },
  { id: '1003', item: 'bailer', quantity: 3 },
];

const manifest = (name: string): Promise<string> => readFile(join(import.meta.dirname, 'manifests', name), 'utf8');

/** Brings everything up, or finds it up, and shows orders going through the sidecar. */
export async function up(progress: Progress): Promise<void> {
  progress.heading('A cluster, and the images in it');
  const place = await target(progress);

  progress.heading('Install');
  await command('helm', progress);
  await progress.step('helm install outrigger', () => installChart(place));

  progress.heading('Annotate, apply');
  await deploy(place, progress);

  progress.heading('Orders, written and read back through the sidecar');
  progress.say(await tradeOrders(place));

  progress.heading('What runs');
  await showWhatRuns(place, progress);
  progress.heading('The demo is up');
  progress.say(await next(place));
}

async function deploy({ kubectl, images }: Target, progress: Progress): Promise<void> {
  const values = { SHOP_IMAGE: images.shop, REDIS_IMAGE: images.redis };
  const rollout = (name: string) => kubectl('rollout', 'status', `deployment/${name}`, '-n', namespace, '--timeout=5m');
  await progress.step('a real Redis in a pod', async () => {
    await kubectl.apply(`{apiVersion: v1, kind: Namespace, metadata: {name: ${namespace}}}`);
    await kubectl.apply(await manifest('redis.yaml'), { namespace, values });
    await rollout('redis');
  });
  await progress.step('the Component `orders`: state.redis in a container of its own', async () =>
    kubectl.apply(await manifest('orders.yaml'), { namespace }),
  );
  await progress.step('the shop, on the unmodified @dapr/dapr, only annotated', async () => {
    await kubectl.apply(await manifest('shop.yaml'), { namespace, values });
    if (await hasOldSidecar(kubectl, images.daprd)) {
      await kubectl('rollout', 'restart', 'deployment/shop', '-n', namespace);
    }
    await rollout('shop');
  });
}

/** A pod keeps the sidecar it was started with, whatever was installed since. */
async function hasOldSidecar(kubectl: Kubectl, image: string): Promise<boolean> {
  const { items } = await kubectl.json<PodList>('get', 'pods', '-n', namespace, '-l', 'app=shop');
  const sidecars = items.flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers]);
  return sidecars.some((container) => container.name === 'daprd' && container.image !== image);
}

async function tradeOrders({ kubectl, kubeconfig }: Target): Promise<string> {
  await using api = await startApiProxy(kubeconfig);
  const shop = shopAt(api.url);
  for (const order of orders) await shop.place(order);
  const rows: string[][] = [];
  for (const { id } of orders) {
    const order = await shop.show(id);
    const key = `shop||${id}`;
    const held = await kubectl(
      'exec',
      '-n',
      namespace,
      'deployment/redis',
      '--',
      '/usr/bin/redis-cli',
      'hget',
      key,
      'data',
    );
    rows.push([order.id, order.item, `${order.quantity}`, key, held.trim()]);
  }
  return table(['ORDER', 'ITEM', 'QUANTITY', 'KEY IN REDIS', 'VALUE IN REDIS'], rows);
}

async function showWhatRuns({ kubectl }: Target, progress: Progress): Promise<void> {
  const pods = [...(await podRows(kubectl, namespace)), ...(await podRows(kubectl, systemNamespace))];
  progress.say(table(['NAMESPACE', 'POD', 'READY', 'STATUS', 'CONTAINERS'], pods));
  progress.say(table(['COMPONENT', 'TYPE', 'CONDITION', 'STATUS', 'MESSAGE'], await componentRows(kubectl, namespace)));
}

async function next({ kubeconfig }: Target): Promise<string> {
  const tools = dirname(await command('kubectl'));
  const onPath = (process.env['PATH'] ?? '').split(delimiter).includes(tools);
  return `  export KUBECONFIG=${kubeconfig}${onPath ? '' : ` PATH=$PATH:${tools}`}
  kubectl get components,pods -n ${namespace}
  kubectl get --raw /api/v1/namespaces/${namespace}/services/shop:80/proxy/orders/1001
  kubectl describe pod -n ${namespace} -l app=shop            # the containers that were added
  kubectl edit component orders -n ${namespace}               # misspell a field: its status says which
  make demo-down                                      # removes all of it
`;
}
