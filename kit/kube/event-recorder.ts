import { createHash } from 'node:crypto';
import { Fault, toFault } from '#kit/errors/fault.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { KubeClient } from './client.ts';
import { resources } from './resource.ts';

export type EventRecorderOptions = {
  client: Pick<KubeClient, 'create' | 'patch'>;
  /** Who says so, as shown by `kubectl describe`. */
  component: string;
  log: Logger;
  clock?: Clock;
};

export type ObjectReference = { apiVersion: string; kind: string; namespace: string; name: string; uid?: string };

export type EventRecorder = {
  /**
   * Puts an Event beside an object. `reason` is one CamelCase word. The same words about the same object within an hour
   * raise the count of the first Event. Resolves when written; a failure is logged only.
   */
  record(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void>;
};

const sameMs = 3_600_000;
const remembered = 2_000;

/** Makes one; it keeps the last 2,000 Events in mind. */
export function eventRecorder({ client, component, log, clock = systemClock }: EventRecorderOptions): EventRecorder {
  const recent = new Map<string, { name: string; count: number; at: number }>();

  const remember = (id: string, entry: { name: string; count: number; at: number }): void => {
    recent.delete(id);
    recent.set(id, entry);
    if (recent.size > remembered) recent.delete(recent.keys().next().value!);
  };
  const write = async (about: ObjectReference, type: string, reason: string, message: string): Promise<void> => {
    const id = [about.kind, about.namespace, about.name, about.uid, reason, message].join('\n');
    const now = new Date(clock.now()).toISOString();
    const namespace = about.namespace || 'default';
    const last = recent.get(id);
    if (last && clock.now() - last.at < sameMs) {
      const count = last.count + 1;
      const body = { count, lastTimestamp: now };
      try {
        await client.patch(resources.events, { namespace, name: last.name }, { type: 'merge', body });
        return remember(id, { ...last, count, at: clock.now() });
      } catch (thrown) {
        if (!(thrown instanceof Fault && thrown.key === 'not-found')) throw thrown;
      }
    }
    const digest = createHash('sha256').update(`${id}\n${now}`).digest('hex').slice(0, 16);
    const name = `${about.name.slice(0, 200)}.${digest}`;
    await client.create(resources.events, {
      metadata: { namespace, name },
      involvedObject: about,
      type,
      reason,
      message: message.slice(0, 1_024),
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component },
      reportingComponent: component,
    });
    remember(id, { name, count: 1, at: clock.now() });
  };

  return {
    async record(about, type, reason, message) {
      try {
        await write(about, type, reason, message);
      } catch (thrown) {
        log.debug(`Could not record the event ${reason} of ${about.kind} ${about.name}: ${toFault(thrown).message}`);
      }
    },
  };
}
