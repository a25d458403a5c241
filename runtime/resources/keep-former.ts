import { toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Resource } from './source.ts';
import type { ResourceProblem } from './status-report.ts';

export type KeepFormerOptions<T extends Resource> = {
  /** What the resources are, for the log: `HTTPEndpoint`. */
  kind: string;
  /** Throws for a resource that cannot be taken into use. */
  check(resource: T): Promise<void> | void;
  /** What was in use at the start; looked at with the first list. */
  begun: Promise<readonly T[]>;
  /** Learns of every resource of a list that cannot be taken into use; of none where all is well. */
  told(problems: readonly ResourceProblem[]): void;
  log: Logger;
};

export type Kept<T> = {
  resources: T[];
  /** Whether each of them is in its newest version. */
  allWell: boolean;
};

/**
 * In each list, the last good version of a resource in place of one that cannot be taken into use. One that never was any
 * good stays in the list: whoever uses it says what is wrong with it.
 */
export function keepFormer<T extends Resource>({ kind, check, begun, told, log }: KeepFormerOptions<T>) {
  let good: ReadonlyMap<string, T> | undefined;
  const goodAtFirst = async (): Promise<ReadonlyMap<string, T>> => {
    const resources = await begun;
    const problems = await Promise.all(resources.map((resource) => problemOf(check, resource)));
    return new Map(resources.filter((_, i) => problems[i] === undefined).map((one) => [one.metadata.name, one]));
  };
  return async (resources: readonly T[]): Promise<Kept<T>> => {
    const former = good ?? (await goodAtFirst());
    const next = new Map<string, T>();
    const list: T[] = [];
    const problems: ResourceProblem[] = [];
    for (const resource of resources) {
      const { name, generation = 0 } = resource.metadata;
      const problem = await problemOf(check, resource);
      const serving = problem === undefined ? resource : former.get(name);
      if (serving !== undefined) next.set(name, serving);
      if (problem !== undefined && serving !== undefined) {
        log.error(`The new version of ${kind} ${name} is not taken into use, the one before it serves on: ${problem}`);
      }
      if (problem !== undefined) {
        const instead = serving === undefined ? 'none before it is in use' : 'the version before it serves on';
        problems.push({ name, generation, error: `${problem}; ${instead}` });
      }
      list.push(serving ?? resource);
    }
    good = next;
    told(problems);
    return { resources: list, allWell: problems.length === 0 };
  };
}

async function problemOf<T>(check: (resource: T) => Promise<void> | void, resource: T): Promise<string | undefined> {
  try {
    await check(resource);
    return undefined;
  } catch (thrown) {
    return toFault(thrown).message;
  }
}
