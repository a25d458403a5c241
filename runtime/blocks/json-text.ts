/** A value that is JSON already and goes into an answer as it is. */
class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Bytes that stand as they are in `jsonList` and `jsonObject`; bytes that are not JSON become a JSON text. */
export function rawJson(bytes: Uint8Array): RawJson {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  try {
    JSON.parse(text);
    return new RawJson(text);
  } catch {
    return new RawJson(JSON.stringify(text));
  }
}

/** An object as JSON; its members may be `rawJson`. */
export function jsonObject(fields: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${member(value)}`);
  return `{${members.join(',')}}`;
}

/** Objects as a JSON list; their members may be `rawJson`. */
export const jsonList = (items: readonly Readonly<Record<string, unknown>>[]): string =>
  `[${items.map(jsonObject).join(',')}]`;

const member = (value: unknown): string => (value instanceof RawJson ? value.text : JSON.stringify(value));
