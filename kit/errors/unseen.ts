const mark = Symbol('unseen');
type Marked = { [mark]?: true; cause?: unknown };

/** Says of an error that whoever was called has surely not looked at the call: it may be made again, whatever it does. */
export function unseen<E extends Error>(error: E): E {
  (error as Marked)[mark] = true;
  return error;
}

/** Whether that was said of this error, or of one that caused it. */
export function isUnseen(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false;
  const { [mark]: marked, cause } = thrown as Marked;
  return marked === true || isUnseen(cause);
}
