/** An app of Dapr's JavaScript SDK: it greets, and does with the SDK's client whatever it is told to. */
import process from 'node:process';
import { CommunicationProtocolEnum, DaprClient, DaprServer, HttpMethod } from '@dapr/dapr';

type Order = { app?: string; text: string };

const sidecar = { daprHost: '127.0.0.1', communicationProtocol: CommunicationProtocolEnum.HTTP };
const dapr = new DaprClient({ ...sidecar, daprPort: String(process.env['DAPR_HTTP_PORT']) });
const server = new DaprServer({
  serverHost: '127.0.0.1',
  serverPort: String(process.env['APP_PORT']),
  clientOptions: { ...sidecar, daprPort: String(process.env['DAPR_HTTP_PORT']) },
});
const heard: string[] = [];

const methods: Record<string, (told: Order) => unknown> = {
  greet: ({ text }) => `JavaScript greets ${text}`,
  ask: ({ app = '', text }) => dapr.invoker.invoke(app, 'greet', HttpMethod.POST, { text }),
  async keep({ text }) {
    await dapr.state.save('store', [{ key: 'javascript', value: text }]);
    const kept = await dapr.state.get('store', 'javascript');
    await dapr.state.delete('store', 'javascript');
    return [kept, await dapr.state.get('store', 'javascript')];
  },
  secret: async ({ text }) => ((await dapr.secret.get('secrets', text)) as Record<string, string>)[text],
  async publish({ text }) {
    const { error } = await dapr.pubsub.publish('bus', 'news', { text });
    if (error) throw error;
    return 'published';
  },
  heard: () => heard,
};

for (const [name, method] of Object.entries(methods)) {
  const answer = async ({ body = '' }: { body?: string }) => method(JSON.parse(body) as Order);
  await server.invoker.listen(name, answer, { method: HttpMethod.POST });
}
await server.pubsub.subscribe('bus', 'news', async ({ text }: Order) => void heard.push(text));
await server.start();
