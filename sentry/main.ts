import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { processWorld } from '#kit/lifecycle/process-world.ts';
import { sentryBinary } from './binary.ts';

await runBinary(sentryBinary(process.geteuid?.() ?? -1), processWorld(process));
