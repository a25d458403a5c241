const truthy = new Set(['y', 'yes', 'true', 't', 'on', '1']);

/** Dapr's lenient boolean: `y yes true t on 1`, in any case; everything else, absence included, is false. */
export function isTruthy(text: string | undefined): boolean {
  return text !== undefined && truthy.has(text.trim().toLowerCase());
}
