import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { sentryBinary } from './binary.ts';

await runBinary(sentryBinary(process.geteuid?.() ?? -1), {
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  exit: (code) => process.exit(code),
  on: (event, listener) => process.on(event, listener),
});
