import type { GroupPartitionsAssigner } from '@platformatic/kafka';

/**
 * Hands each topic's partitions to the members that subscribe to it, in ranges: the way of Dapr's sidecars, which can
 * thus be in one group with ours.
 */
export const rangeAssigner: GroupPartitionsAssigner = (_current, members, _topics, { topics }) => {
  const given = [...members.keys()].sort().map((memberId) => ({
    memberId,
    assignments: new Map<string, { topic: string; partitions: number[] }>(),
  }));
  for (const [topic, { partitionsCount }] of topics) {
    const takers = given.filter(({ memberId }) => members.get(memberId)?.topics?.includes(topic));
    const share = Math.floor(partitionsCount / takers.length);
    let next = 0;
    for (const [i, { assignments }] of takers.entries()) {
      const count = share + (i < partitionsCount % takers.length ? 1 : 0);
      if (count > 0) assignments.set(topic, { topic, partitions: Array.from({ length: count }, () => next++) });
    }
  }
  return given;
};
