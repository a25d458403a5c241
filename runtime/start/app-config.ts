import { fault, toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { RuntimeConfig } from '../config.ts';
import { collect, noBody } from '../invoke/message.ts';
import type { App } from './app-channel.ts';

/** What an app says of itself at `GET /dapr/config`: its actor types and their settings. As it came, unread. */
export type ProgrammaticConfig = Readonly<Record<string, unknown>>;

const timeoutMs = 10_000;

/** Asks an HTTP app for its configuration; undefined where it has none, speaks gRPC, or is not to be asked. */
export async function readAppConfig(
  { appId, skipAppConfig }: Pick<RuntimeConfig, 'appId' | 'skipAppConfig'>,
  app: App,
  log: Logger,
): Promise<ProgrammaticConfig | undefined> {
  const channel = app.channel();
  if (channel === undefined) return undefined;
  if (skipAppConfig) {
    log.warn("Skipping programmatic dapr configuration loading (see 'disable-init-endpoints' flag/annotation)");
    return undefined;
  }
  if (channel.protocol !== 'http') return undefined;
  try {
    const answer = await channel.invoke(
      {
        ...{ method: 'dapr/config', verb: 'GET', query: '', contentType: '', typeUrl: '' },
        ...{ headers: { 'dapr-app-id': appId }, from: 'http', body: noBody },
      },
      AbortSignal.timeout(timeoutMs),
    );
    const text = (await collect(answer.body)).toString();
    if (answer.status !== 200) return undefined;
    const config = parse(text);
    log.info('Application configuration loaded');
    return config;
  } catch (thrown) {
    log.warn(`Cannot read the app's configuration at GET /dapr/config: ${toFault(thrown).message}`);
    return undefined;
  }
}

function parse(text: string): ProgrammaticConfig {
  const value: unknown = JSON.parse(text === '' ? '{}' : text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fault('bad-request', 'the app answered something else than a JSON object');
  }
  return value as ProgrammaticConfig;
}
