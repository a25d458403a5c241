import { cpus } from 'node:os';

const several = cpus().length > 1;

/** A command on the first core, which it has for itself where there is another: throughput is then that of one core. */
export const onServerCore = (command: readonly string[]): readonly string[] => pinned('0', command);

/** A command on the second core: the load, and the app that is called. */
export const onLoadCore = (command: readonly string[]): readonly string[] => pinned('1', command);

const pinned = (core: string, command: readonly string[]): readonly string[] =>
  several ? ['taskset', '-c', core, ...command] : command;
