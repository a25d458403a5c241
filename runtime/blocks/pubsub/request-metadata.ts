type Texts = Readonly<Record<string, string>>;

/** A metadata item by name, in any case of letters. */
export function metadataOf(metadata: Texts | undefined, name: string): string | undefined {
  if (metadata === undefined) return undefined;
  if (name in metadata) return metadata[name];
  const wanted = name.toLowerCase();
  const found = Object.keys(metadata).find((one) => one.toLowerCase() === wanted);
  return found === undefined ? undefined : metadata[found];
}

/** Whether `rawPayload` is set. Throws, in Dapr's words, for what is no boolean. */
export function isRawPayload(metadata: Texts | undefined): boolean {
  const text = metadataOf(metadata, 'rawPayload');
  if (text === undefined || text === '') return false;
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new Error(`rawPayload value must be a valid boolean: actual is '${text}'`);
}

/** `ttlInSeconds` of an event; undefined for none, and for what is no positive number. */
export function ttlSeconds(metadata: Texts | undefined): number | undefined {
  const seconds = Number(metadataOf(metadata, 'ttlInSeconds') ?? '');
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}
