import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { processWorld } from '#kit/lifecycle/process-world.ts';
import { injectorBinary } from './binary.ts';

await runBinary(injectorBinary(process.geteuid?.() ?? -1), processWorld(process));
