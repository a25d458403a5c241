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

export function shopAt(api: string): Shop {
  const orders = `${api}/api/v1/namespaces/${namespace}/services/shop:80/proxy/orders`;
  const send = async (id: string, init?: RequestInit): Promise<Order> => {
    const answer = await fetch(`${orders}/${id}`, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the shop answered ${answer.status} for order ${id}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as Order;
  };
  return {
    place: (order) => send(order.id, { method: 'PUT', body: JSON.stringify(order) }),
    show: (id) => send(id),
  };
}
