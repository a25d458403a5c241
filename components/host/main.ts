import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { processWorld } from '#kit/lifecycle/process-world.ts';
import { version } from '#kit/version.ts';
import { runComponentHost } from './app.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

// A sidecar that started this process and is gone, however it ended, needs it no more.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

await runBinary(
  {
    name: 'component-host',
    summary: 'serves one component on a Unix socket',
    version,
    flags,
    scope: 'outrigger.component',
    configure,
    logging: ({ logging }) => logging,
    run: runComponentHost,
  },
  processWorld(process),
);
