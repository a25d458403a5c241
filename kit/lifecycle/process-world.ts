import type { World } from './binary.ts';

/** What a main hands over of its process; no other file may touch it. */
export const processWorld = (own: NodeJS.Process): World => ({
  argv: own.argv.slice(2),
  env: own.env,
  stdout: own.stdout,
  stderr: own.stderr,
  exit: (code) => own.exit(code),
  on: (event, listener) => own.on(event, listener),
});
