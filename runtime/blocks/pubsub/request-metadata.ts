import { metadataItem, timeToLive } from '#contracts/metadata.ts';

type Texts = Readonly<Record<string, string>>;

/** Whether `rawPayload` is set. Throws, in Dapr's words, for what is no boolean. */
export function isRawPayload(metadata: Texts | undefined): boolean {
  const text = metadataItem(metadata, 'rawPayload');
  if (text === undefined || text === '') return false;
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new Error(`rawPayload value must be a valid boolean: actual is '${text}'`);
}

/** How long an event shall live; undefined for ever, and where its metadata make no sense. */
export function lifeMs(metadata: Texts | undefined): number | undefined {
  try {
    return timeToLive(metadata);
  } catch {
    return undefined;
  }
}
