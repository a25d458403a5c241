import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { version } from '#kit/version.ts';
import { runOperator } from './app.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

await runBinary(
  {
    name: 'operator',
    summary: 'serves resources to sidecars, keeps their Services and reports their status',
    version,
    flags,
    scope: 'dapr.operator',
    configure,
    logging: ({ logging }) => logging,
    run: runOperator,
  },
  {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    exit: (code) => process.exit(code),
    on: (event, listener) => process.on(event, listener),
  },
);
