import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SidecarFiles, SidecarPorts } from './plan.ts';

/** An app that `outrigger run` keeps up on this machine. */
export type RunRecord = {
  appId: string;
  /** The process that leads the app's group: SIGTERM there stops app and sidecar. */
  pid: number;
  sidecarPid: number;
  appPid: number | undefined;
  appPort: number | undefined;
  ports: SidecarPorts;
  /** What its sidecar reads. */
  files: SidecarFiles;
  command: string;
  started: string;
};

export type Registry = {
  add(record: RunRecord): Promise<void>;
  remove(appId: string): Promise<void>;
  /** Those that still run; records of dead ones are dropped. */
  list(): Promise<RunRecord[]>;
};

/** Keeps one small file per running app in a folder of the user's. */
export function openRegistry(folder: string, isAlive: (pid: number) => boolean): Registry {
  const fileOf = (appId: string) => path.join(folder, `${encodeURIComponent(appId)}.json`);
  const read = async (name: string): Promise<RunRecord | undefined> => {
    try {
      return JSON.parse(await readFile(path.join(folder, name), 'utf8')) as RunRecord;
    } catch {
      return undefined;
    }
  };
  return {
    async add(record) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(fileOf(record.appId), `${JSON.stringify(record)}\n`, { mode: 0o600 });
    },
    remove: (appId) => rm(fileOf(appId), { force: true }),
    async list() {
      const names = await readdir(folder).catch(() => []);
      const records = (await Promise.all(names.sort().map(read))).filter((record) => record !== undefined);
      const dead = records.filter((record) => !isAlive(record.pid));
      await Promise.all(dead.map((record) => rm(fileOf(record.appId), { force: true })));
      return records.filter((record) => !dead.includes(record));
    },
  };
}
