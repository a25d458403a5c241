import { readCsr } from '#kit/pki/csr.ts';
import { issueLeaf, type LeafIdentity, leafSigner } from '#kit/pki/issue.ts';
import { writePem } from '#kit/pki/pem.ts';
import { formatSpiffeId } from '#kit/pki/spiffe.ts';
import type { Settings } from '../settings.ts';
import type { Credentials } from './bootstrap.ts';

export type AuthorityOptions = {
  /** The settings in force, asked for each certificate. */
  settings(): Pick<Settings, 'workloadCertTtlMs' | 'allowedClockSkewMs'>;
  jwt: { issuer: string; ttlMs: number } | undefined;
  now(): Date;
};

export type Signed = { chainPem: string; notAfter: Date };

export type Tokens = { all: string; byAudience: Readonly<Record<string, string>> };

/** Signs for identities that were attested; it asks no questions itself. */
export type Authority = {
  readonly anchorsPem: string;
  /** Throws `bad-request` for a bad request, `unavailable` once the issuer has expired. */
  sign(csrPem: string, identity: LeafIdentity): Signed;
  /** Tokens for the identity's trust domain and the audiences asked for; undefined when JWTs are off. */
  tokens(identity: LeafIdentity, audiences: readonly string[]): Promise<Tokens | undefined>;
};

/** An authority over checked credentials. */
export function authority({ bundle, jwt: jwtKey }: Credentials, options: AuthorityOptions): Authority {
  const signer = leafSigner(bundle.chain[0]!, bundle.key, bundle.expiry);
  const { jwt } = options;
  return {
    anchorsPem: bundle.anchorsPem,
    sign(csrPem, identity) {
      const { workloadCertTtlMs: ttlMs, allowedClockSkewMs: skewMs } = options.settings();
      const times = { now: options.now(), ttlMs, skewMs };
      const leaf = issueLeaf(readCsr(csrPem), identity, times, signer);
      return { chainPem: writePem('CERTIFICATE', leaf.der) + bundle.chainPem, notAfter: leaf.notAfter };
    },
    async tokens({ id }, asked) {
      if (!jwt || !jwtKey) return undefined;
      const { issueJwt } = await import('./jwt.ts');
      const times = { now: options.now(), ttlMs: jwt.ttlMs, skewMs: options.settings().allowedClockSkewMs };
      const subject = formatSpiffeId(id);
      const issue = (audiences: readonly string[]) =>
        issueJwt({ subject, audiences, issuer: jwt.issuer }, times, jwtKey);
      const audiences = [...new Set([id.trustDomain, ...asked])];
      const [all, ...each] = await Promise.all([issue(audiences), ...audiences.map((audience) => issue([audience]))]);
      return { all, byAudience: Object.fromEntries(audiences.map((audience, i) => [audience, each[i]!])) };
    },
  };
}
