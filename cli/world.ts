import type { World } from '#kit/lifecycle/binary.ts';

/** What the CLI's main hands over of `process`. */
export type CliWorld = World & {
  cwd: string;
  pid: number;
  /** How this very program was started, to start it again. */
  node: { path: string; flags: readonly string[]; script: string };
  stdout: { isTTY?: boolean };
  kill(pid: number, signal: NodeJS.Signals | 0): void;
  /** Calls back when the process that started this one over a channel is gone. */
  onDisconnect(listener: () => void): void;
};
