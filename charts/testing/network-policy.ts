import type { V1NetworkPolicy, V1NetworkPolicyPeer, V1NetworkPolicyPort } from '@kubernetes/client-node';

/** One end of a connection: the labels of a pod of the policies' own namespace, or anywhere else. */
export type End = Readonly<Record<string, string>> | 'elsewhere';

/** A connection that somebody tries to open. */
export type Attempt = { from: End; to: End; port: number; protocol?: 'TCP' | 'UDP' };

/**
 * Whether policies of one namespace let a connection through, by the rules of networking.k8s.io/v1 as far as the chart
 * uses them: pods are selected by labels, ports by number; a pod that no policy selects may do anything.
 */
export function allows(policies: readonly V1NetworkPolicy[], { from, to, port, protocol = 'TCP' }: Attempt): boolean {
  const matches = (ports: readonly V1NetworkPolicyPort[] | undefined, peers: Peers, end: End) =>
    (!ports || ports.some((one) => one.port === port && (one.protocol ?? 'TCP') === protocol)) &&
    (!peers || peers.some((peer) => selects(peer.podSelector?.matchLabels, end)));
  const of = (end: End, type: string) =>
    policies.filter(({ spec }) => spec!.policyTypes!.includes(type) && selects(spec!.podSelector?.matchLabels, end));
  const out = of(from, 'Egress');
  const into = of(to, 'Ingress');
  return (
    (out.length === 0 || out.some(({ spec }) => spec!.egress?.some((rule) => matches(rule.ports, rule.to, to)))) &&
    (into.length === 0 ||
      into.some(({ spec }) =>
        spec!.ingress?.some((rule) => matches(rule.ports, (rule as { from?: Peers }).from, from)),
      ))
  );
}

type Peers = readonly V1NetworkPolicyPeer[] | undefined;

const selects = (labels: Readonly<Record<string, string>> | undefined, end: End): boolean =>
  end !== 'elsewhere' && Object.entries(labels ?? {}).every(([name, value]) => end[name] === value);
