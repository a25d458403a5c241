const verbs = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE']);

/** Makes the function from an HTTP verb to its label: any it does not know is `UNKNOWN`, and excluded ones are empty. */
export function metricVerb({ excludeVerbs }: { excludeVerbs: boolean }): (verb: string) => string {
  return (verb) => (excludeVerbs ? '' : verbs.has(verb) ? verb : 'UNKNOWN');
}
