/**
 * Builds or fetches, once, the programs that the tests run on and Debian does not have, so that no test waits for them
 * within its time limit.
 * Usage: node e2e/programs.ts
 */
import process from 'node:process';
import { binaries } from './cluster/binaries.ts';
import { collectorProgram } from './collector/program.ts';
import { consulProgram } from './consul/program.ts';
import { cryptoProgram } from './crypto/program.ts';
import { interopPrograms } from './interop/programs.ts';
import { kafkaJars } from './kafka.ts';
import { opaProgram } from './opa/program.ts';
import { progress } from './progress.ts';
import { sdkPrograms } from './sdk/programs.ts';

const show = progress(process.stdout);
const programs: Readonly<Record<string, () => Promise<unknown>>> = {
  Kafka: kafkaJars,
  'the apps of Dapr’s SDKs': () => sdkPrograms(process.execPath),
  'gRPC’s interop client and server': interopPrograms,
  'Dapr’s encryption scheme': cryptoProgram,
  'Open Policy Agent': opaProgram,
  Consul: consulProgram,
  'the OpenTelemetry Collector': collectorProgram,
};

try {
  for (const name of ['kubernetes', 'helm', 'coredns', 'pause'] as const) await binaries(name, show);
  for (const [name, bring] of Object.entries(programs)) await show.step(`have ${name} (built once)`, bring);
} catch (error) {
  process.stderr.write(`programs: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
