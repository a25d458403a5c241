import type { V1EnvVar } from '@kubernetes/client-node';

/** A comma starts a new variable only where a name and `=` follow, so that values may hold commas. */
const separator = /,(?=\s*[A-Za-z_][A-Za-z0-9_]*=)/;

const parts = (text: string): [name: string, value: string][] =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part.includes('='))
    .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]);

/** `NAME=value,OTHER=a,b` as variables. */
export const envOf = (text: string): V1EnvVar[] => parts(text).map(([name, value]) => ({ name, value }));

/** `NAME=secret:key,OTHER=secret` as variables; the key is the secret's name where left out. */
export const envFromSecrets = (text: string): V1EnvVar[] =>
  parts(text).flatMap(([name, value]) => {
    const [secret, key, more] = value.split(':').map((word) => word.trim());
    if (more !== undefined || secret === undefined) return [];
    return [{ name, valueFrom: { secretKeyRef: { name: secret, key: key ?? secret } } }];
  });

/** Names of the variables in either text, in order. */
export const envNames = (...texts: readonly string[]): string[] =>
  texts.flatMap((text) => parts(text).map(([name]) => name));
