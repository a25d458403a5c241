import type { Binary } from '#kit/lifecycle/binary.ts';
import { checkUser } from '#kit/security/user.ts';
import { version } from '#kit/version.ts';
import { runSentry } from './app.ts';
import { configure, type SentryConfig } from './config.ts';
import { type Flags, flags } from './flags.ts';

/** Sentry as `runBinary` takes it. `uid` is the effective user ID. */
export const sentryBinary = (uid: number): Binary<Flags, SentryConfig> => ({
  name: 'sentry',
  summary: 'the certificate authority: attests callers and signs their identities',
  version,
  scope: 'dapr.sentry',
  flags,
  configure: (parsed, env) => {
    const config = configure(parsed, env);
    checkUser({ kubernetes: config.mode === 'kubernetes', uid, env });
    return config;
  },
  logging: (config) => config.logging,
  run: runSentry,
});
