import type { EventRecorder } from '#kit/kube/event-recorder.ts';
import type { Informer } from '#kit/kube/informer.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { DaprPod } from '../pod.ts';

export type PodWarningsOptions = {
  pods: Pick<Informer<DaprPod>, 'list' | 'subscribe'>;
  events: EventRecorder;
  clock: Pick<Clock, 'now'>;
};

/** Events are kept about so long: a new leader says nothing again of older pods. */
const keptMs = 3_600_000;

/** Puts an Event beside each pod with annotations that the injector could not make sense of. */
export function startPodWarnings({ pods, events, clock }: PodWarningsOptions): Disposable {
  const tell = ({ namespace, name, uid, createdAt, warnings }: DaprPod): void => {
    if (warnings === '' || clock.now() - createdAt > keptMs) return;
    const about = { apiVersion: 'v1', kind: 'Pod', namespace, name, uid };
    void events.record(about, 'Warning', 'AnnotationsIgnored', warnings);
  };
  const unsubscribe = pods.subscribe((change) => {
    if (change.type === 'added') tell(change.object);
  });
  for (const pod of pods.list()) tell(pod);
  return { [Symbol.dispose]: unsubscribe };
}
