import { readFileSync } from 'node:fs';

/** Clock ticks of `/proc/<pid>/stat` in a second: fixed to 100 by Linux' interface to programs. */
const ticksPerSecond = 100;

/** CPU time (user and kernel) of a process so far, ended threads included, in microseconds; 10 ms steps. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

/** Memory of a process that lies in main memory, in MiB. */
export function residentMiB(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? Number.NaN) / 1_024;
}
