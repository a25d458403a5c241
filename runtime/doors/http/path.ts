/**
 * A request path as routes are matched against it: no doubled slashes, `.` and `..` resolved, no slash at the end. It
 * stays percent-encoded, so that an encoded slash never parts segments. Source: Dapr `pkg/api/http/middlewares.go`.
 */
export function cleanPath(path: string): string {
  if (!path.includes('//') && !path.includes('/.') && (path.length === 1 || !path.endsWith('/')) && path[0] === '/') {
    return path;
  }
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

/** A path parameter decoded: percent escapes, and `+` as a space as Dapr does. Undefined where an escape is broken. */
export function decodeParam(raw: string): string | undefined {
  if (!raw.includes('%')) return raw.includes('+') ? raw.replaceAll('+', ' ') : raw;
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
