import { type Configuration, configuration } from '#crds/configuration.ts';
import { toFault } from '#kit/errors/fault.ts';
import type { DaprResource } from '../resource.ts';
import { type Finding, findingsOf } from './condition.ts';
import { durationProblems } from './duration-problems.ts';

/** Whether a Configuration's settings make sense: its schema, and what a schema cannot say. */
export function acceptConfiguration(resource: DaprResource): Finding {
  try {
    const problems = problemsOf(configuration.parse(resource));
    if (problems.length > 0) return accepted('False', 'InvalidSettings', problems.join('; '));
    return accepted('True', 'Valid', 'its settings make sense');
  } catch (thrown) {
    return accepted('False', 'Invalid', toFault(thrown).message);
  }
}

const accepted = findingsOf('Accepted');

function problemsOf({ spec }: Configuration): string[] {
  return [
    ...rate('spec.tracing.samplingRate', spec.tracing?.samplingRate),
    ...durationProblems('spec.mtls.workloadCertTTL', spec.mtls?.workloadCertTTL),
    ...durationProblems('spec.mtls.allowedClockSkew', spec.mtls?.allowedClockSkew),
    ...(spec.tracing?.otel?.headers ?? []).flatMap((header, i) =>
      header.secretKeyRef?.name && !header.secretKeyRef.key
        ? [`spec.tracing.otel.headers[${i}].secretKeyRef.key: is missing`]
        : [],
    ),
  ];
}

function rate(field: string, text: string | undefined): string[] {
  if (!text || (Number(text) >= 0 && Number(text) <= 1)) return [];
  return [`${field}: "${text}" is not a number between 0 and 1`];
}
