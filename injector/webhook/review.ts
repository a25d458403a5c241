import type { V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { fault, toFault } from '#kit/errors/fault.ts';
import type { Operation } from '../patch/operations.ts';

const stringMap = z.record(z.string(), z.string()).nullish();

/** Of a pod, the parts that the plan reads; everything else is let through. */
const podShape = z.looseObject({
  metadata: z.looseObject({ name: z.string().nullish(), labels: stringMap, annotations: stringMap }).nullish(),
  spec: z
    .looseObject({
      containers: z.array(z.looseObject({ name: z.string() })).nullish(),
      initContainers: z.array(z.looseObject({ name: z.string() })).nullish(),
      volumes: z.array(z.looseObject({ name: z.string() })).nullish(),
    })
    .nullish(),
});

const reviewShape = z.object({
  apiVersion: z.string(),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string(),
    kind: z.object({ kind: z.string() }),
    namespace: z.string().default(''),
    userInfo: z.object({ username: z.string().optional(), groups: z.array(z.string()).nullish() }).default({}),
    object: z.unknown(),
  }),
});

/** What an API server asks. */
export type AdmissionRequest = {
  /** Echoed in the answer, as it must be. */
  apiVersion: string;
  uid: string;
  kind: string;
  namespace: string;
  user: { username: string | undefined; groups: readonly string[] };
  /** The raw object; `readPod` checks it. */
  object: unknown;
};

/** What we answer. Patch and warnings may be empty; `refusal` denies the request with its reason. */
export type AdmissionAnswer = {
  operations?: readonly Operation[];
  warnings?: readonly string[];
  refusal?: { message: string; code: number };
};

/** Reads an AdmissionReview. Throws `bad-request` that names what is wrong with it. */
export function readReview(body: string): AdmissionRequest {
  const parsed = reviewShape.safeParse(parseJson(body));
  if (!parsed.success) throw fault('bad-request', `not an AdmissionReview: ${problems(parsed.error)}`);
  const { apiVersion, request } = parsed.data;
  const { uid, kind, namespace, userInfo, object } = request;
  const user = { username: userInfo.username, groups: userInfo.groups ?? [] };
  return { apiVersion, uid, kind: kind.kind, namespace, user, object };
}

/** Reads the pod of a request. Throws `invalid-resource` that names the field. */
export function readPod(object: unknown): V1Pod {
  const parsed = podShape.safeParse(object);
  if (!parsed.success) throw fault('invalid-resource', `not a Pod: ${problems(parsed.error)}`);
  return withoutNulls(parsed.data) as V1Pod;
}

/** The answer as the API server wants it. */
export function writeReview(request: AdmissionRequest, { operations, warnings, refusal }: AdmissionAnswer): string {
  const patch =
    operations === undefined || operations.length === 0
      ? {}
      : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') };
  const response = {
    uid: request.uid,
    allowed: refusal === undefined,
    ...patch,
    ...(refusal === undefined ? {} : { status: refusal }),
    ...(warnings === undefined || warnings.length === 0 ? {} : { warnings }),
  };
  return JSON.stringify({ apiVersion: request.apiVersion, kind: 'AdmissionReview', response });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw fault('bad-request', `the body is not JSON: ${toFault(cause).message}`, { cause });
  }
}

const problems = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; ');

/** Go writes empty fields as null, such as `creationTimestamp`. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}
