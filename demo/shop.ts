import type { Kubectl } from '#e2e/kubectl.ts';

/** Where the demo lives. */
export const namespace = 'shop';

export interface Order {
  id: string;
  item: string;
  quantity: number;
}

/** The shop, reached through the API server, which works on every cluster. */
export interface Shop {
  place(order: Order): Promise<Order>;
  show(id: string): Promise<Order>;
}

export function shopAt(kubectl: Kubectl, proxy = `/api/v1/namespaces/${namespace}/services/shop:80/proxy`): Shop {
  return {
    place: async (order) =>
      JSON.parse(await kubectl.send('replace', `${proxy}/orders/${order.id}`, JSON.stringify(order))) as Order,
    show: async (id) => JSON.parse(await kubectl('get', '--raw', `${proxy}/orders/${id}`)) as Order,
  };
}
