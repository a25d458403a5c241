import { fault } from '#kit/errors/fault.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { fakeClock } from '../testing/fake-clock.ts';
import { fakeKube } from '../testing/fake-kube.ts';
import { eventRecorder } from './event-recorder.ts';
import { resources } from './resource.ts';

const about = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'cart', uid: 'u1' };

describe('eventRecorder', () => {
  it('raises the count for the same words and makes a new Event for others', async () => {
    const kube = fakeKube();
    const recorder = eventRecorder({ client: kube.client, component: 'test', log: silentLogger, clock: fakeClock() });
    await recorder.record(about, 'Warning', 'Skipped', 'no reason');
    await recorder.record(about, 'Warning', 'Skipped', 'no reason');
    await recorder.record(about, 'Warning', 'Skipped', 'another reason');
    const events = kube.all<{ count: number; message: string }>(resources.events);
    expect(events.map(({ message, count }) => [message, count])).toEqual([
      ['no reason', 2],
      ['another reason', 1],
    ]);
  });

  it('does not mind that it cannot write', async () => {
    const kube = fakeKube();
    kube.failNext('create', fault('permission-denied', 'no'));
    const recorder = eventRecorder({ client: kube.client, component: 'test', log: silentLogger, clock: fakeClock() });
    await recorder.record(about, 'Normal', 'Tried', 'words');
    expect(kube.all(resources.events)).toEqual([]);
  });
});
