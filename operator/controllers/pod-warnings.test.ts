import { eventRecorder } from '#kit/kube/event-recorder.ts';
import { startInformer } from '#kit/kube/informer.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { daprPod } from '../pod.ts';
import { startPodWarnings } from './pod-warnings.ts';

type Event = KubeObject & { involvedObject: { name: string }; reason: string; message: string };

const began = Date.parse('2026-11-21T08:00:00Z');
const warning = 'annotation dapr.io/app-prot is unknown, did you mean dapr.io/app-port?';

describe('what the injector could not make sense of', () => {
  it('is an Event beside the pod, for pods that came while a leader was changed too, but not for old ones', async () => {
    const kube = fakeKube();
    const clock = fakeClock(began);
    const base = { client: kube.client, log: silentLogger, signal: new AbortController().signal, clock };
    const run = (name: string, agoMs: number, warnings?: string) =>
      kube.put(resources.pods, {
        metadata: {
          ...{ namespace: 'shop', name, uid: name, creationTimestamp: new Date(began - agoMs).toISOString() },
          annotations: { 'dapr.io/enabled': 'true', ...(warnings && { 'outrigger.dev/injection-warnings': warnings }) },
        },
      });
    run('old', 7_200_000, warning);
    run('before', 60_000, warning);
    await using pods = startInformer({ ...base, resource: resources.pods, transform: daprPod });
    await pods.synced;
    const events = eventRecorder({ ...base, component: 'dapr-operator' });
    using _ = startPodWarnings({ pods, events, clock });
    run('well', 0);
    run('after', 0, warning);
    await clock.advance(0);
    const written = (await kube.client.list<Event>(resources.events, { namespace: 'shop' })).items;
    expect(written.map(({ involvedObject, reason, message }) => [involvedObject.name, reason, message])).toEqual([
      ['before', 'AnnotationsIgnored', warning],
      ['after', 'AnnotationsIgnored', warning],
    ]);
  });
});
