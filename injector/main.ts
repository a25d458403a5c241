import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { injectorBinary } from './binary.ts';

await runBinary(injectorBinary(process.geteuid?.() ?? -1), {
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  exit: (code) => process.exit(code),
  on: (event, listener) => process.on(event, listener),
});
