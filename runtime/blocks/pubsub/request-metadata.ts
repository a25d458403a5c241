import { metadataItem } from '#contracts/metadata.ts';

type Texts = Readonly<Record<string, string>>;

/** Whether `rawPayload` is set. Throws, in Dapr's words, for what is no boolean. */
export function isRawPayload(metadata: Texts | undefined): boolean {
  const text = metadataItem(metadata, 'rawPayload');
  if (text === undefined || text === '') return false;
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new Error(`rawPayload value must be a valid boolean: actual is '${text}'`);
}

/** `ttlInSeconds` of an event; undefined for none, and for what is no positive number. */
export function ttlSeconds(metadata: Texts | undefined): number | undefined {
  const seconds = Number(metadataItem(metadata, 'ttlInSeconds') ?? '');
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}
