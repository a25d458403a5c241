import type { Command } from 'commander';
import { fault } from '#kit/errors/fault.ts';
import { localRuns, notRunning } from '../run/local-runs.ts';
import { readRunFile } from '../run/read-run-file.ts';
import type { RunRecord } from '../run/registry.ts';
import type { CliWorld } from '../world.ts';

type Options = { appId?: string; runFile?: string };

/** `outrigger stop`: ends apps that `outrigger run` keeps up on this machine; exit code 1 if one does not run. */
export function addStop(program: Command, world: CliWorld): void {
  program
    .command('stop')
    .description('stop apps that run on this machine')
    .argument('[app-id...]', 'apps to stop')
    .option('-a, --app-id <name>', 'an app to stop')
    .option('-f, --run-file <file>', 'stop the apps of a run file, or of the dapr.yaml in a folder')
    .action(async (ids: string[], { appId, runFile }: Options) => {
      const named = appId === undefined ? ids : [...ids, appId];
      const runs = await localRuns(world).list();
      if (named.length === 0 && runFile === undefined)
        throw fault('invalid-flags', "name an app to stop, or a run file with -f; 'outrigger list' shows what runs");
      const ofFile = runFile === undefined ? [] : await runningOf(runFile, runs, world);
      world.exit(stopAll([...named, ...ofFile], runs, world) ? 0 : 1);
    });
}

/** The apps of a run file that run. That none does any more is what was asked for, and no failure. */
async function runningOf(runFile: string, runs: readonly RunRecord[], world: CliWorld): Promise<string[]> {
  const ids = (await readRunFile(runFile, world)).map((app) => app.appID);
  const running = ids.filter((id) => runs.some((run) => run.appId === id));
  if (running.length === 0) world.stderr.write(`outrigger: no app of ${runFile} runs here: ${ids.join(', ')}\n`);
  return running;
}

function stopAll(ids: readonly string[], runs: readonly RunRecord[], world: CliWorld): boolean {
  const found = ids.map((id) => ({ id, run: runs.find((run) => run.appId === id) }));
  const pids = found.flatMap(({ run }) => (run === undefined ? [] : [run.pid]));
  for (const pid of new Set(pids)) world.kill(pid, 'SIGTERM');
  for (const { id, run } of found) {
    if (run !== undefined) world.stdout.write(`stopping ${id}\n`);
    else world.stderr.write(`outrigger: ${notRunning(id)}\n`);
  }
  return pids.length === ids.length;
}
