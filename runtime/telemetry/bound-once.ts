/** Series by path, verb and status: found without making a key of them, bound on first use. */
export function boundOnce<T>(bind: (path: string, verb: string, status: number) => T) {
  const series = new Map<string, Map<string, Map<number, T>>>();
  return (path: string, verb: string, status: number): T => {
    const found = series.get(path)?.get(verb)?.get(status);
    if (found !== undefined) return found;
    const made = bind(path, verb, status);
    const ofPath = series.get(path) ?? new Map<string, Map<number, T>>();
    const ofVerb = ofPath.get(verb) ?? new Map<number, T>();
    series.set(path, ofPath.set(verb, ofVerb.set(status, made)));
    return made;
  };
}
