import { controlPlaneFlags } from '#kit/flags/control-plane.ts';
import { boolFlag, choiceFlag, durationFlag, listFlag, portFlag, stringFlag } from '#kit/flags/flag.ts';

/** Flags of sentry, named as Dapr's. */
export const flags = {
  ...controlPlaneFlags,
  mode: choiceFlag('Where sentry runs', ['standalone', 'kubernetes'], 'standalone'),
  config: stringFlag('Configuration: a file, or in Kubernetes the name of one in the own namespace', 'daprsystem'),
  'trust-domain': stringFlag("Trust domain of the control plane; goes before the Configuration's", 'localhost'),
  port: portFlag('Port of the gRPC API', 50001),
  'listen-address': stringFlag('Address the gRPC API listens on; empty is every address'),
  'issuer-credentials': stringFlag('Directory of the issuer credentials', '/var/run/secrets/dapr.io/credentials'),
  'issuer-ca-filename': stringFlag('File of the trust anchors, in that directory', 'ca.crt'),
  'issuer-certificate-filename': stringFlag('File of the issuer certificate chain', 'issuer.crt'),
  'issuer-key-filename': stringFlag('File of the issuer key', 'issuer.key'),
  'jwt-enabled': boolFlag('Issue a JWT with each certificate'),
  'jwt-key-filename': stringFlag('File of the key that signs JWTs', 'jwt.key'),
  'jwks-filename': stringFlag('File of the JSON Web Key Set', 'jwks.json'),
  'jwt-issuer': stringFlag('Value of the claim iss; empty leaves it out'),
  'jwt-signing-algorithm': stringFlag('Algorithm of JWT signatures, one that fits the key', 'RS256'),
  'jwt-key-id': stringFlag('Key ID of the signing key; default is the SHA-256 thumbprint of the key'),
  'jwt-ttl': durationFlag('How long a JWT is valid', '24h'),
  'oidc-enabled': boolFlag('Serve OIDC discovery and the JSON Web Key Set over HTTP'),
  'oidc-server-listen-address': stringFlag('Address the OIDC server listens on', 'localhost'),
  'oidc-server-listen-port': portFlag('Port of the OIDC server', 9080),
  'oidc-server-tls-enabled': boolFlag('Serve OIDC over TLS', true),
  'oidc-server-tls-cert-file': stringFlag('Certificate of the OIDC server'),
  'oidc-server-tls-key-file': stringFlag('Key of the OIDC server'),
  'oidc-jwks-uri': stringFlag('Address of the key set, where it is not the one served here'),
  'oidc-path-prefix': stringFlag('Path put before the OIDC endpoints'),
  'oidc-allowed-hosts': listFlag('Hosts by which the OIDC server may be addressed; empty is any'),
  kubeconfig: stringFlag('Kubeconfig of the API server; not needed in a pod'),
};

export type Flags = typeof flags;
