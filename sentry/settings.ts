import type { Configuration } from '#crds/configuration.ts';
import { fault } from '#kit/errors/fault.ts';
import { parseDuration } from '#kit/values/duration.ts';

/** What the Configuration's `spec.mtls` says to sentry, defaults filled in. */
export type Settings = {
  workloadCertTtlMs: number;
  allowedClockSkewMs: number;
  /** Options of each JWKS validator configured; there is at most one in use, the last. */
  jwks: JwksOptions | undefined;
};

export type JwksOptions = {
  /** URL, file, or the key set itself, plain or in base64. */
  source: string;
  /** PEM or a file, to trust the URL's server by. */
  caCertificate: string;
  minRefreshIntervalMs: number;
  requestTimeoutMs: number;
};

/** Reads a Configuration; undefined stands for none. Throws `invalid-config` naming the field that is wrong. */
export function readSettings(configuration: Pick<Configuration, 'spec'> | undefined): Settings {
  const mtls = configuration?.spec.mtls;
  return {
    workloadCertTtlMs: duration('spec.mtls.workloadCertTTL', mtls?.workloadCertTTL, '24h'),
    allowedClockSkewMs: duration('spec.mtls.allowedClockSkew', mtls?.allowedClockSkew, '15m'),
    jwks: (mtls?.tokenValidators ?? [])
      .map((validator, i) => jwksOptions(`spec.mtls.tokenValidators[${i}]`, validator.options))
      .at(-1),
  };
}

function jwksOptions(at: string, given: unknown): JwksOptions {
  const options = (given ?? {}) as Record<string, unknown>;
  const text = (name: string) => (options[name] === undefined || options[name] === null ? '' : String(options[name]));
  const source = text('source');
  if (source === '') throw fault('invalid-config', `${at}.options.source: is missing`);
  return {
    source,
    caCertificate: text('caCertificate'),
    minRefreshIntervalMs: duration(`${at}.options.minRefreshInterval`, text('minRefreshInterval'), '10m'),
    requestTimeoutMs: duration(`${at}.options.requestTimeout`, text('requestTimeout'), '30s'),
  };
}

function duration(field: string, text: string | undefined, byDefault: string): number {
  try {
    const ms = parseDuration(text || byDefault);
    if (ms >= 0) return ms;
  } catch (cause) {
    throw fault('invalid-config', `${field}: ${(cause as Error).message}`, { cause });
  }
  throw fault('invalid-config', `${field}: must not be negative`);
}
