import { fault } from '#kit/errors/fault.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import type { Informer } from '#kit/kube/informer.ts';
import { type ReportComponentsRequest, Status } from '#proto/outrigger/operator/v1/status_pb.js';
import type { DaprPod } from '../pod.ts';
import { authorize } from './authorize.ts';

export type StatusServiceOptions = {
  pods: Pick<Informer<DaprPod>, 'get'>;
  /** Takes a report that is what it says to be. */
  accept(report: ReportComponentsRequest): void;
  /** Whether a peer is another operator, which passes reports on. */
  isOperator(peer: { namespace: string; appId: string; trustDomain: string }): boolean;
};

const mostReported = 10_000;

/** Takes the reports of sidecars: each may speak of pods of its own app and namespace only. */
export function statusService({ pods, accept, isOperator }: StatusServiceOptions): Implementation {
  return implement(Status, {
    async reportComponents(report, { peer }) {
      const { namespace, podName, components, problems, kinds } = report;
      const id = authorize(peer, namespace, isOperator);
      if (podName === '') throw fault('bad-request', 'pod_name is missing');
      for (const [field, list] of Object.entries({ components, problems, kinds })) {
        if (list.length > mostReported) throw fault('bad-request', `${field}: more than ${mostReported} are reported`);
      }
      const appId = isOperator(id) ? report.appId : id.appId;
      const pod = pods.get(`${namespace}/${podName}`);
      if (pod && pod.appId !== appId)
        throw fault('permission-denied', `pod ${podName} is not of app ${appId}: its sidecar alone may speak for it`);
      accept({ ...report, appId });
      return {};
    },
  });
}
