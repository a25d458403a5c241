import type { Command } from 'commander';
import { askSidecar, type PayloadOptions, payloadOf } from '../run/ask-sidecar.ts';
import type { CliWorld } from '../world.ts';

type Options = PayloadOptions & { appId: string; method: string; verb: string };

/** `outrigger invoke`: calls a method of an app that runs on this machine, with the flags of `dapr invoke`, and prints the answer. */
export function addInvoke(program: Command, world: CliWorld): void {
  program
    .command('invoke')
    .description('call a method of an app that runs on this machine')
    .requiredOption('-a, --app-id <name>', 'the app to call')
    .requiredOption('-m, --method <path>', 'its method, such as orders/7')
    .option('-v, --verb <verb>', 'the HTTP verb', 'POST')
    .option('-d, --data <json>', 'the body')
    .option('-f, --data-file <file>', 'a file with the body')
    .action(async ({ appId, method, verb, ...payload }: Options) => {
      const body = await payloadOf(payload, world);
      const path = `/v1.0/invoke/${appId}/method/${method}`;
      const call = { path, method: verb.toUpperCase(), contentType: 'application/json', body };
      world.stdout.write(`${await askSidecar(appId, call, world)}\n`);
    });
}
