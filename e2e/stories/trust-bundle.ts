import { systemNamespace } from '../helm.ts';
import type { Kubectl } from '../kubectl.ts';

/** The Secret that holds sentry's issuer: its data, base64 by file name. */
export async function trustBundle(kubectl: Kubectl): Promise<Record<string, string>> {
  const { data = {} } = await kubectl.json<{ data?: Record<string, string> }>(
    ...['get', 'secret', 'dapr-trust-bundle', '-n', systemNamespace],
  );
  return data;
}
