import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import type { SASLOptions } from '@platformatic/kafka';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { list, pem, secret, text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { keptToken, requestToken, type TokenRequest } from '../oauth2-token.ts';

/** Settings of logins by tokens of an OAuth2 provider. */
export const oidcSettings = z.object({
  oidcTokenEndpoint: text('Where tokens come from, for authType oidc…, by the client credentials grant.').optional(),
  oidcClientID: text('Client ID at the provider.').optional(),
  oidcClientSecret: secret('Its secret, for authType oidc.').optional(),
  oidcClientAssertionKey: pem('RSA key that signs who the client is, for authType oidc_private_key_jwt.', {
    secret: true,
  }).optional(),
  oidcClientAssertionCert: pem('Certificate of that key.').optional(),
  oidcKid: text('ID by which the provider knows the key.').optional(),
  oidcAudience: text('Audience of the assertion and of the token; without it, the token endpoint.').optional(),
  oidcResource: text('Resource that the token shall be for.').optional(),
  oidcScopes: list('Scopes to ask for.').default(['openid']),
  oidcExtensions: text('JSON object of SASL extensions that brokers want beside a token.').optional(),
});

type OidcSettings = z.output<typeof oidcSettings>;

/** What else of the component's settings is for the provider too. */
type Trust = { caCert?: string | undefined; skipVerify: boolean };

const assertionLife = '60s';

/**
 * Logs in by tokens of the client credentials grant, each kept until it ends: `oidc` proves the client by its secret,
 * `oidc_private_key_jwt` by a JWT it signs (RFC 7523). Throws `invalid-metadata` naming what is missing.
 */
export function oauthBearer(given: OidcSettings & Trust, authType: 'oidc' | 'oidc_private_key_jwt'): SASLOptions {
  const need = <N extends keyof OidcSettings>(name: N): NonNullable<OidcSettings[N]> => {
    const value = given[name];
    if (value === undefined) throw fault('invalid-metadata', `${name} is missing: authType ${authType} needs it`);
    return value as NonNullable<OidcSettings[N]>;
  };
  const { oidcAudience: audience, oidcResource: resource, caCert, skipVerify } = given;
  const [tokenUrl, clientId] = [need('oidcTokenEndpoint'), need('oidcClientID')];
  if (!URL.canParse(tokenUrl)) throw fault('invalid-metadata', `oidcTokenEndpoint: "${tokenUrl}" is not a URL`);
  const form = { grant_type: 'client_credentials', scope: given.oidcScopes.join(' ') };
  const tls = caCert !== undefined || skipVerify ? { ...(caCert !== undefined && { ca: caCert }) } : undefined;
  const common = { tokenUrl, clientId, tls: tls && { ...tls, rejectUnauthorized: !skipVerify } };
  const bySecret = (clientSecret: string) => async (): Promise<TokenRequest> => ({
    ...{ ...common, clientSecret, authStyle: 0, form },
  });
  const byKey = (key: KeyObject) => async (): Promise<TokenRequest> => ({
    ...common,
    authStyle: 1,
    form: {
      ...form,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertion(key, { clientId, audience: audience ?? tokenUrl, kid: given.oidcKid }),
      ...(audience !== undefined && { audience }),
      ...(resource !== undefined && { resource }),
    },
  });
  if (authType === 'oidc_private_key_jwt') need('oidcClientAssertionCert');
  const request =
    authType === 'oidc' ? bySecret(need('oidcClientSecret')) : byKey(readKey(need('oidcClientAssertionKey')));
  const never = new AbortController().signal;
  const token = keptToken(async () => requestToken(await request(), Date.now, never), Date.now);
  return {
    mechanism: 'OAUTHBEARER',
    token: async () => (await token()).value,
    ...(given.oidcExtensions !== undefined && { oauthBearerExtensions: readExtensions(given.oidcExtensions) }),
  };
}

type Client = { clientId: string; audience: string; kid: string | undefined };

async function assertion(key: KeyObject, { clientId, audience, kid }: Client): Promise<string> {
  return await new SignJWT()
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(kid !== undefined && { kid }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt()
    .setNotBefore(new Date())
    .setExpirationTime(assertionLife)
    .sign(key);
}

function readKey(pem: string): KeyObject {
  const rule = 'oidcClientAssertionKey must be an RSA private key without a password, in PEM';
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch (cause) {
    throw fault('invalid-metadata', rule, { cause });
  }
  throw fault('invalid-metadata', rule);
}

function readExtensions(text: string): Record<string, string> {
  const given = z.record(z.string(), z.string()).safeParse(jsonOf(text));
  if (given.success) return given.data;
  throw fault('invalid-metadata', 'oidcExtensions must be a JSON object of texts');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
