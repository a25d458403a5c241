import type { ConfigurationItems } from '#contracts/configuration.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { AppChannel } from '../../channel/channel.ts';
import type { Page } from '../../doors/http/page.ts';
import { callOf, collect } from '../../invoke/message.ts';
import type { Policies } from '../../policy/guards.ts';
import { configurationRequest } from './get.ts';
import { itemsJson } from './items.ts';
import { configurationKind } from './kind.ts';
import type { ConfigurationSubscriptions } from './subscriptions.ts';

export type AppCallbackOptions = {
  subscriptions: ConfigurationSubscriptions;
  app: { channel(): AppChannel | undefined };
  policies: Pick<Policies, 'resolver' | 'run'>;
  log: Logger;
};

/** Subscriptions over HTTP: they are answered at once, and changes are posted to the app as they come. */
export function subscriptionPages(options: AppCallbackOptions): Page[] {
  return ['/v1.0', '/v1.0-alpha1'].map((version) => ({
    name: 'SubscribeConfiguration',
    methods: ['GET'],
    path: `${version}/configuration/{storeName}/subscribe`,
    api: 'configuration.v1',
    async answer(http) {
      const wish = configurationRequest(http as Parameters<typeof configurationRequest>[0]);
      options.subscriptions.check(wish.storeName);
      if (options.app.channel() === undefined)
        throw fault(
          'configuration-no-app',
          'app channel is not initialized. cannot subscribe to configuration updates',
        );
      const known = Promise.withResolvers<string>();
      const { id } = await options.subscriptions.open(wish, async (items) =>
        postAll(options, wish.storeName, await known.promise, items),
      );
      known.resolve(id);
      return { status: 200, body: JSON.stringify({ id }) };
    },
  }));
}

/** Posts the change to the path of each key in it. What the app does not take is logged, not sent again. */
async function postAll(
  { app, policies, log }: AppCallbackOptions,
  storeName: string,
  id: string,
  items: ConfigurationItems,
): Promise<void> {
  const body = Buffer.from(JSON.stringify({ id, items: itemsJson(items) }));
  const policy = policies.resolver.component(storeName, configurationKind.policy, 'inbound');
  const post = async (key: string, signal: AbortSignal | undefined): Promise<void> => {
    const answer = await app.channel()?.invoke(callOf('POST', `configuration/${storeName}/${key}`, {}, body), signal);
    if (answer === undefined) throw new Error('there is no app');
    await collect(answer.body);
    if (answer.status !== 200 && answer.status !== 0) throw new NotTaken(answer.status);
  };
  for (const key of Object.keys(items)) {
    try {
      await policies.run(policy, ({ signal }) => post(key, signal), {
        statusOf: (thrown) => (thrown instanceof NotTaken ? thrown.status : undefined),
      });
    } catch (thrown) {
      log.error(`configuration item ${key} of ${storeName} was not taken by the app: ${(thrown as Error).message}`);
    }
  }
}

class NotTaken extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`it answered status ${status}`);
    this.status = status;
  }
}
