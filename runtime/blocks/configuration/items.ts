import type { ConfigurationItems } from '#contracts/configuration.ts';

/** Items as protobuf messages are made of them. */
export function itemMessages(items: ConfigurationItems) {
  return Object.fromEntries(
    Object.entries(items).map(([key, { value, version, metadata }]) => [
      key,
      { value, version, metadata: { ...metadata } },
    ]),
  );
}

/** Items as JSON has them: by key in order, what is empty left out. */
export function itemsJson(items: ConfigurationItems): Record<string, object> {
  return Object.fromEntries(
    Object.entries(items)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { value, version, metadata }]) => [
        key,
        {
          ...(value && { value }),
          ...(version && { version }),
          ...(metadata && Object.keys(metadata).length > 0 && { metadata }),
        },
      ]),
  );
}
