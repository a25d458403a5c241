import { convertSubscription, type SubscriptionVersion } from '#crds/subscription-conversion.ts';
import { fault, toFault } from '#kit/errors/fault.ts';

/** `ConversionReview` of apiextensions.k8s.io/v1, as far as it is read. */
export type ConversionReview = {
  apiVersion?: string;
  kind?: string;
  request?: { uid?: string; desiredAPIVersion?: string; objects?: unknown };
};

const versions = new Set(['v1alpha1', 'v2alpha1']);

/**
 * Answers a ConversionReview: all objects in the wanted version, or the reason why not. Throws `malformed-request` for
 * what is no review at all.
 */
export function answerReview(review: unknown): object {
  const { apiVersion, kind, request } = asReview(review);
  const { uid } = request;
  const head = { apiVersion, kind };
  try {
    const convertedObjects = request.objects.map((object) => convert(object, request.desiredAPIVersion));
    return { ...head, response: { uid, convertedObjects, result: { status: 'Success' } } };
  } catch (thrown) {
    return {
      ...head,
      response: { uid, convertedObjects: [], result: { status: 'Failure', message: toFault(thrown).message } },
    };
  }
}

function asReview(review: unknown) {
  const { apiVersion, kind, request } = (review ?? {}) as ConversionReview;
  if (kind !== 'ConversionReview' || typeof request?.uid !== 'string' || !Array.isArray(request.objects))
    throw fault('malformed-request', 'the body is not a ConversionReview with a uid and objects');
  return {
    apiVersion: apiVersion ?? 'apiextensions.k8s.io/v1',
    kind,
    request: {
      uid: request.uid,
      objects: request.objects as unknown[],
      desiredAPIVersion: request.desiredAPIVersion ?? '',
    },
  };
}

function convert(object: unknown, desired: string): Record<string, unknown> {
  const [group, version = ''] = desired.split('/');
  const manifest = object as Record<string, unknown> | null;
  if (group !== 'dapr.io' || !versions.has(version))
    throw fault('bad-request', `desiredAPIVersion "${desired}" is not a version of Subscription`);
  if (manifest === null || typeof manifest !== 'object' || manifest['kind'] !== 'Subscription')
    throw fault('bad-request', `only Subscriptions are converted, not ${String(manifest?.['kind'])}`);
  return convertSubscription(manifest, version as SubscriptionVersion);
}
