import process from 'node:process';
import { runCli } from './program.ts';

await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  pid: process.pid,
  node: { path: process.execPath, flags: process.execArgv, script: process.argv[1]! },
  stdout: process.stdout,
  stderr: process.stderr,
  exit: (code) => process.exit(code),
  on: (event, listener) => process.on(event, listener),
  kill: (pid, signal) => void process.kill(pid, signal),
  onDisconnect: (listener) => void process.on('disconnect', listener),
});
