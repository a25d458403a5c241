/** An object of JSON or YAML, as it was read. */
export type Fields = Record<string, unknown>;

/** Whether what was read is an object: neither a list, nor null, nor a scalar. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
