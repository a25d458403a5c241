import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { fault } from '#kit/errors/fault.ts';
import type { HealthTargets } from '#kit/health/targets.ts';
import { listen } from '#kit/http/listen.ts';
import type { JwtKey } from '../ca/jwt-key.ts';
import type { OidcConfig } from '../config.ts';

export type OidcOptions = {
  config: OidcConfig;
  /** The signing key in use, whose key set is served as it is. */
  jwt(): Pick<JwtKey, 'jwks' | 'algorithm'>;
  /** Value of `issuer`; empty takes the address of the request. */
  issuer: string;
  targets: HealthTargets;
};

export type OidcPage = { status: number; body: string };

/** What the answer depends on. */
export type OidcRequest = { method: string; path: string; host: string; forwardedHost: string; secure: boolean };

const jwksPath = '/jwks.json';
const discoveryPath = '/.well-known/openid-configuration';

/** The answer to a request: discovery document, key set, or the error. Bodies are JSON when the status is 200. */
export function oidcPage(request: OidcRequest, options: Omit<OidcOptions, 'targets'>): OidcPage {
  const { pathPrefix } = options.config;
  const isKeySet = request.path === pathPrefix + jwksPath;
  if (!isKeySet && request.path !== pathPrefix + discoveryPath) return { status: 404, body: 'not found' };
  if (!isAllowed(request, options.config.allowedHosts)) return { status: 403, body: 'this host is not allowed' };
  if (request.method !== 'GET') return { status: 405, body: 'only GET is allowed' };
  return { status: 200, body: isKeySet ? options.jwt().jwks : JSON.stringify(discovery(request, options)) };
}

function discovery(request: OidcRequest, { config, issuer, jwt }: Omit<OidcOptions, 'targets'>) {
  const base = issuer || `${request.secure ? 'https' : 'http'}://${publicHost(request, config.allowedHosts)}`;
  return {
    issuer: base,
    jwks_uri: config.jwksUri || new URL(config.pathPrefix + jwksPath, base).href,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [jwt().algorithm],
    scopes_supported: ['openid'],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'use'],
  };
}

/** A proxy's word for the host counts only where it was checked against a list: otherwise a caller could forge the issuer. */
function publicHost({ host, forwardedHost }: OidcRequest, allowed: readonly string[]): string {
  return allowed.length > 0 && !allowed.includes('*') && forwardedHost !== '' ? forwardedHost : host;
}

function isAllowed({ host, forwardedHost }: OidcRequest, allowed: readonly string[]): boolean {
  if (allowed.length === 0 || allowed.includes('*')) return true;
  const asked = forwardedHost || host;
  return allowed.includes(asked) || allowed.includes(asked.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'));
}

export type OidcServer = AsyncDisposable & {
  port: number;
  /** Reads certificate and key again, for connections from now on. */
  reload(): Promise<void>;
};

/** Serves discovery and key set, over TLS when the configuration has files for it. */
export async function startOidcServer(options: OidcOptions): Promise<OidcServer> {
  const { config } = options;
  const target = options.targets.add('oidc-server');
  const tls = config.tls && (await readTls(config.tls));
  const answer: Parameters<typeof createServer>[1] = (message, response) => {
    const page = oidcPage(requestOf(message, tls !== undefined), options);
    const json = { 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' };
    response.writeHead(page.status, page.status === 200 ? json : { 'content-type': 'text/plain' }).end(page.body);
  };
  const secure = tls && createTlsServer(tls, answer);
  const server: Server = secure ?? createServer(answer);
  server.headersTimeout = 10_000;
  const port = await listen(server, 'OIDC', config.host, config.port);
  target.ready();
  return {
    port,
    reload: async () => secure?.setSecureContext(await readTls(config.tls!)),
    async [Symbol.asyncDispose]() {
      target.notReady();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function requestOf(message: IncomingMessage, secure: boolean): OidcRequest {
  const forwarded = message.headers['x-forwarded-host'];
  return {
    method: message.method ?? '',
    path: (message.url ?? '').split('?')[0]!,
    host: message.headers.host ?? '',
    forwardedHost: Array.isArray(forwarded) ? (forwarded[0] ?? '') : (forwarded ?? ''),
    secure,
  };
}

async function readTls({ cert, key }: { cert: string; key: string }) {
  return { cert: await read(cert), key: await read(key), minVersion: 'TLSv1.2' as const };
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw fault('invalid-config', `OIDC server TLS: cannot read ${file}: ${code}`, { cause: thrown });
  }
}
