import { readFile } from 'node:fs/promises';
import { fault } from '#kit/errors/fault.ts';
import { SignCertificateRequest_TokenValidator as Validator } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';

export type SentryToken = { token: string; validator: Validator };

/** What proves the caller to sentry. Read anew for each request, since projected tokens are replaced. */
export type SentryTokenSource = () => Promise<SentryToken>;

const projected = '/var/run/secrets/dapr.io/sentrytoken/token';
const legacy = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Dapr's order of tokens: the file named by DAPR_SENTRY_TOKEN_FILE (for the JWKS validator, or Kubernetes' in
 * Kubernetes), else in Kubernetes the projected token, else the service account's; else none, and sentry's default
 * validator decides. Throws `invalid-config` when the variable is empty or its file holds nothing.
 */
export function sentryTokenSource(options: {
  /** Value of DAPR_SENTRY_TOKEN_FILE. */
  tokenFile: string | undefined;
  kubernetes: boolean;
}): SentryTokenSource {
  const { tokenFile, kubernetes } = options;
  if (tokenFile === '')
    throw fault('invalid-config', 'DAPR_SENTRY_TOKEN_FILE is set but empty: name a file or unset it');
  if (tokenFile !== undefined)
    return async () => ({
      token: await readToken(tokenFile),
      validator: kubernetes ? Validator.KUBERNETES : Validator.JWKS,
    });
  if (!kubernetes) return () => Promise.resolve({ token: '', validator: Validator.UNKNOWN });
  return async () => {
    const token = (await readIfThere(projected)) || (await readIfThere(legacy));
    return { token, validator: token === '' ? Validator.UNKNOWN : Validator.KUBERNETES };
  };
}

async function readToken(file: string): Promise<string> {
  const token = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw fault('invalid-config', `token file ${file} (DAPR_SENTRY_TOKEN_FILE): ${cause.code}`, { cause });
  });
  if (token === '') throw fault('invalid-config', `token file ${file} (DAPR_SENTRY_TOKEN_FILE) is empty`);
  return token;
}

const readIfThere = (file: string) => readFile(file, 'utf8').catch(() => '');
