import { readdirSync } from 'node:fs';
import path from 'node:path';
import { connect } from '#kit/grpc/client.ts';
import type { Logger } from '#kit/log/logger.ts';
import { ServerReflection } from '#proto/grpc/reflection/v1alpha/reflection_pb.js';

const defaultFolder = '/tmp/dapr-components-sockets';
const askTimeoutMs = 5_000;

/** The component categories that a service of components.v1 stands for. Source: Dapr `pkg/components/pluggable`. */
const categories: Readonly<Record<string, string>> = {
  'dapr.proto.components.v1.StateStore': 'state',
  'dapr.proto.components.v1.PubSub': 'pubsub',
  'dapr.proto.components.v1.InputBinding': 'bindings',
  'dapr.proto.components.v1.OutputBinding': 'bindings',
  'dapr.proto.components.v1.SecretStore': 'secretstores',
};

/** Components which listen on sockets in the shared folder. A component's type is `<category>.<socket's name>`. */
export type PluggableSockets = {
  /** The folder, whether it exists or not. */
  readonly folder: string;
  /** Path of the socket of a type; sockets that came since the last look are asked what they serve. */
  find(type: string): Promise<string | undefined>;
};

/** Where the sockets are: both spellings of the variable are in use, the injector's and daprd's. */
export const socketsFolder = (env: Readonly<Record<string, string | undefined>>): string =>
  env['DAPR_COMPONENTS_SOCKETS_FOLDER'] || env['DAPR_COMPONENT_SOCKETS_FOLDER'] || defaultFolder;

/** Looks for pluggable components in the folder. One that does not answer is left out until the next look. */
export function pluggableSockets(folder: string, log: Logger): PluggableSockets {
  const types = new Map<string, string>();
  const asked = new Set<string>();
  const ask = async (socket: string) => {
    asked.add(socket);
    try {
      for (const service of await servicesAt(socket)) {
        const category = categories[service];
        if (category === undefined) continue;
        const name = path.basename(socket, path.extname(socket));
        types.set(`${category}.${name}`.toLowerCase(), socket);
        log.info(`pluggable component '${name}' was successfully registered for '${service}'`);
      }
    } catch (error) {
      asked.delete(socket);
      log.warn(`could not use socket for file ${socket}: ${(error as Error).message}`);
    }
  };
  return {
    folder,
    async find(type) {
      const sockets = socketsIn(folder);
      await Promise.all(sockets.filter((socket) => !asked.has(socket)).map(ask));
      return types.get(type.toLowerCase());
    },
  };
}

function socketsIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isSocket()).map((entry) => path.join(folder, entry.name));
  } catch {
    // A folder that is not there has no sockets in it.
    return [];
  }
}

/** Full names of the services behind a socket, by reflection. */
async function servicesAt(socket: string): Promise<string[]> {
  await using channel = connect({ target: { path: socket }, connectTimeoutMs: askTimeoutMs });
  const questions = async function* () {
    yield { messageRequest: { case: 'listServices', value: '' } } as const;
  };
  const method = ServerReflection.method.serverReflectionInfo;
  for await (const { messageResponse } of channel.bidiStream(method, questions(), { timeoutMs: askTimeoutMs })) {
    if (messageResponse.case === 'listServicesResponse') return messageResponse.value.service.map(({ name }) => name);
  }
  throw new Error('it does not answer reflection');
}
