import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { operatorBinary } from './binary.ts';

await runBinary(operatorBinary(process.geteuid?.() ?? -1), {
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  exit: (code) => process.exit(code),
  on: (event, listener) => process.on(event, listener),
});
