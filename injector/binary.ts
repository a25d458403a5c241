import type { Binary } from '#kit/lifecycle/binary.ts';
import { checkUser } from '#kit/security/user.ts';
import { version } from '#kit/version.ts';
import { run } from './app.ts';
import { configure, type InjectorConfig } from './config.ts';
import { type Flags, flags } from './flags.ts';

/** The injector as `runBinary` takes it. `uid` is the effective user ID. */
export const injectorBinary = (uid: number): Binary<Flags, InjectorConfig> => ({
  name: 'injector',
  summary: 'the mutating webhook that adds sidecars to annotated pods',
  version,
  scope: 'dapr.injector',
  flags,
  configure: (parsed, env) => {
    const config = configure(parsed, env);
    checkUser({ kubernetes: true, uid, env });
    return config;
  },
  logging: (config) => config.logging,
  run,
});
