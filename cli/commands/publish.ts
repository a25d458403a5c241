import type { Command } from 'commander';
import { fault } from '#kit/errors/fault.ts';
import { isFields } from '#kit/values/fields.ts';
import { askSidecar, type PayloadOptions, payloadOf } from '../run/ask-sidecar.ts';
import type { CliWorld } from '../world.ts';

type Options = PayloadOptions & { publishAppId: string; pubsub: string; topic: string; metadata?: string };

/** `outrigger publish`: publishes an event by the sidecar of an app that runs on this machine, with the flags of `dapr publish`. */
export function addPublish(program: Command, world: CliWorld): void {
  program
    .command('publish')
    .description('publish an event as an app that runs on this machine')
    .requiredOption('-i, --publish-app-id <name>', 'the app whose sidecar publishes')
    .requiredOption('-p, --pubsub <name>', 'the pub/sub component')
    .requiredOption('-t, --topic <name>', 'the topic')
    .option('-d, --data <json>', 'the event; a whole CloudEvent is published as it is')
    .option('-f, --data-file <file>', 'a file with the event')
    .option('-m, --metadata <json>', 'metadata such as {"rawPayload":"true","ttlInSeconds":"10"}')
    .action(async ({ publishAppId, pubsub, topic, metadata = '{}', ...payload }: Options) => {
      const body = await payloadOf(payload, world);
      const query = queryOf(metadata);
      const path = `/v1.0/publish/${encodeURIComponent(pubsub)}/${encodeURIComponent(topic)}${query && `?${query}`}`;
      await askSidecar(publishAppId, { path, method: 'POST', contentType: contentTypeOf(body), body }, world);
      world.stdout.write(`published to ${topic} of ${pubsub}\n`);
    });
}

function queryOf(metadata: string): string {
  const fields = asObject(metadata);
  if (fields === undefined) throw fault('invalid-flags', `--metadata=${metadata}: must be a JSON object`);
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]) => [`metadata.${name}`, String(value)]),
  ).toString();
}

const eventFields = ['id', 'source', 'specversion', 'type', 'data'];

function contentTypeOf(body: Buffer): string {
  const fields = asObject(body.toString());
  return fields !== undefined && eventFields.every((name) => name in fields)
    ? 'application/cloudevents+json'
    : 'application/json';
}

function asObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
