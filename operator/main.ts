import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { processWorld } from '#kit/lifecycle/process-world.ts';
import { operatorBinary } from './binary.ts';

await runBinary(operatorBinary(process.geteuid?.() ?? -1), processWorld(process));
