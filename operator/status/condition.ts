import type { Condition } from '#crds/metav1.ts';

/** What was found out, before it is known when. */
export type Finding = {
  type: string;
  status: Condition['status'];
  /** One CamelCase word. */
  reason: string;
  message: string;
};

/** Makes findings of one type. */
export const findingsOf =
  (type: string) =>
  (status: Finding['status'], reason: string, message: string): Finding => ({ type, status, reason, message });

/** Findings as conditions: a condition whose status stays keeps its time. Others that the object has stay as they are. */
export function conditionsOf(
  findings: readonly Finding[],
  previous: readonly Condition[],
  generation: number | undefined,
  now: Date,
): Condition[] {
  const ours = findings.map((finding): Condition => {
    const before = previous.find(({ type }) => type === finding.type);
    const unchanged = before?.status === finding.status;
    return {
      ...finding,
      lastTransitionTime: unchanged ? before.lastTransitionTime : now.toISOString().replace(/\.\d+Z$/, 'Z'),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
  return [...ours, ...previous.filter(({ type }) => !findings.some((finding) => finding.type === type))];
}
