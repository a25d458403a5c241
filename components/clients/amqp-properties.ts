import type { Options } from 'amqplib';
import type { Metadata } from '#contracts/component.ts';
import { metadataItem, timeToLive } from '#contracts/metadata.ts';

/**
 * The properties of a message that a request's metadata asks for: `ttl`, `contentType`, `messageID`, `correlationID`,
 * `type` and `priority`. `wrong` is told of a value that makes no sense; if it does not throw, the value is left out.
 */
export function amqpProperties(
  metadata: Metadata | undefined,
  defaultLife: number | undefined,
  wrong: (error: Error) => void,
): Options.Publish {
  const properties: Options.Publish = { contentType: metadataItem(metadata, 'contentType') || 'text/plain' };
  const life = lifeOf(metadata, wrong) ?? defaultLife;
  const messageId = metadataItem(metadata, 'messageID');
  const correlationId = metadataItem(metadata, 'correlationID');
  const type = metadataItem(metadata, 'type');
  const priority = metadata?.['priority'];
  if (life !== undefined) properties.expiration = String(life);
  if (messageId) properties.messageId = messageId;
  if (correlationId) properties.correlationId = correlationId;
  if (type) properties.type = type;
  if (priority) {
    if (/^[+-]?\d+$/.test(priority)) properties.priority = Math.max(0, Math.min(255, Number(priority)));
    else wrong(new Error(`priority is "${priority}": it must be a whole number`));
  }
  return properties;
}

function lifeOf(metadata: Metadata | undefined, wrong: (error: Error) => void): number | undefined {
  try {
    return timeToLive(metadata);
  } catch (error) {
    wrong(error as Error);
    return undefined;
  }
}
