import type { Binary } from '#kit/lifecycle/binary.ts';
import { checkUser } from '#kit/security/user.ts';
import { version } from '#kit/version.ts';
import { runOperator } from './app.ts';
import { configure, type OperatorConfig } from './config.ts';
import { type Flags, flags } from './flags.ts';

/** The operator as a binary; `uid` is the effective user it runs as. */
export const operatorBinary = (uid: number): Binary<Flags, OperatorConfig> => ({
  name: 'operator',
  summary: 'serves resources to sidecars, keeps their Services and tells their status',
  version,
  flags,
  scope: 'dapr.operator',
  configure(parsed, env) {
    const config = configure(parsed, env);
    checkUser({ kubernetes: true, uid, env });
    return config;
  },
  logging: ({ logging }) => logging,
  run: runOperator,
});
