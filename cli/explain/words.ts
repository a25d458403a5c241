import { table } from '../output/table.ts';

/** What the sidecar's program answers to `--explain`. */
export type Explanation =
  | { about: 'access'; allowed: boolean; by: 'app' | 'global'; rule?: string }
  | { about: 'resiliency'; by: 'target' | 'default'; policies: Policy[]; problems: string[] };

type Policy = { part: string; policy: string; settings?: unknown; resource: string };

/** An explanation for eyes: a table, and a line that says why. */
export function inWords(explanation: Explanation): string {
  return explanation.about === 'access' ? access(explanation) : resiliency(explanation);
}

function access({ allowed, by, rule }: Extract<Explanation, { about: 'access' }>): string {
  const whose = by === 'app' ? "the caller's own policy" : 'the default of all callers';
  return table(['ACCESS', 'BY', 'OPERATION'], [[allowed ? 'allowed' : 'denied', whose, rule ?? '-']]);
}

function resiliency({ by, policies, problems }: Extract<Explanation, { about: 'resiliency' }>): string {
  const rows = policies.map(({ part, policy, settings, resource }) => [
    ...[part, policy || '-', resource || '-', settings === undefined ? '' : settingsText(settings)],
  ]);
  const why = by === 'target' ? 'A resource names this target.' : 'No resource names this target: default policies.';
  const warnings = problems.map((problem) => `warning: ${problem}\n`).join('');
  return `${table(['PART', 'POLICY', 'RESOURCE', 'SETTINGS'], rows)}${why}\n${warnings}`;
}

/** `duration=10ms maxRetries=2`; what is nested stays JSON. */
function settingsText(settings: unknown): string {
  if (typeof settings !== 'object' || settings === null) return String(settings);
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(' ');
}
