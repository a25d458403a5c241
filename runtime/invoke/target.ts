import { fault } from '#kit/errors/fault.ts';

export type InvokeTarget = {
  /** An app, an HTTPEndpoint, or a URL. */
  id: string;
  /** Path as the caller wrote it, decoded, not yet normalised. */
  method: string;
};

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Whom an HTTP request is for: header `dapr-app-id`, Basic authorization with the user `dapr-app-id`, or
 * `/v1.0/invoke/<id>/method/<method>`; with the first two the whole path is the method. `path` is percent-decoded, with
 * its slashes as they came. None of them: undefined.
 */
export function findTarget(path: string, headers: Headers): InvokeTarget | undefined {
  const named = headers['dapr-app-id'];
  if (named !== undefined && named !== '')
    return { id: typeof named === 'string' ? named : named[0]!, method: bare(path) };
  const user = basicTarget(headers['authorization']);
  if (user !== undefined) return { id: user, method: bare(path) };
  return pathTarget(path);
}

function bare(path: string): string {
  return path.replace(/^\/+/, '');
}

function basicTarget(authorization: string | readonly string[] | undefined): string | undefined {
  if (typeof authorization !== 'string' || !authorization.startsWith('Basic ')) return undefined;
  const [user, id, ...more] = Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8').split(':');
  return user?.toLowerCase() === 'dapr-app-id' && id && more.length === 0 ? id : undefined;
}

function pathTarget(path: string): InvokeTarget | undefined {
  const match = /^\/*v1\.0\/+invoke\/+(.*?)\/+method\/+(.*)$/s.exec(path);
  if (!match?.[1]) return undefined;
  return { id: wholeUrl(decode(match[1])), method: match[2]! };
}

/** An ID may be percent-encoded once more (`http%3A%2F%2Fhost`). */
function decode(id: string): string {
  if (!id.includes('%')) return id;
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** A URL whose two slashes a proxy collapsed. */
function wholeUrl(id: string): string {
  return id.replace(/^(https?):\/+/, '$1://');
}

export const isUrl = (id: string): boolean => id.startsWith('http://') || id.startsWith('https://');

/** The app and its namespace from `app` or `app.namespace`. Throws `invalid-app-id`. */
export function splitAppId(id: string, ownNamespace: string): { appId: string; namespace: string } {
  const [appId = '', namespace, ...more] = id.split('.');
  if (id === '') throw fault('invalid-app-id', 'app id is empty');
  if (more.length > 0) throw fault('invalid-app-id', `invalid app id ${id}`);
  return { appId, namespace: namespace ?? ownNamespace };
}
