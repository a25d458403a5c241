import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import { type Middleware, plainAnswer } from '#contracts/middleware.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';

export const component = defineComponent({
  type: 'middleware.http.ratelimit',
  versions: ['v1'],
  title: 'Rate limit',
  description:
    'Lets each caller, told by its IP address, make so many requests a second of each path; others get status 429.',
  settings: z.object({
    maxRequestsPerSecond: text('Requests a second that one address may make of one path; may be a fraction.').default(
      '100',
    ),
  }),
  open: async ({ maxRequestsPerSecond }) => rateLimit(rateOf(maxRequestsPerSecond), () => performance.now()),
});

/** Addresses and paths remembered; the one which has been quiet for longest goes first. */
const maxCallers = 10_000;

type Bucket = { tokens: number; at: number };

/** A bucket of tokens for each address and path, as in Dapr; `now` is in milliseconds. */
export function rateLimit(perSecond: number, now: () => number): Middleware {
  const burst = Math.max(1, Math.floor(perSecond));
  const buckets = new Map<string, Bucket>();
  const told = { 'x-rate-limit-limit': perSecond.toFixed(2), 'x-rate-limit-duration': '1' };
  const bucketOf = (key: string): Bucket => {
    const known = buckets.get(key);
    buckets.delete(key);
    const time = now();
    const bucket = known ?? { tokens: burst, at: time };
    bucket.tokens = Math.min(burst, bucket.tokens + ((time - bucket.at) / 1000) * perSecond);
    bucket.at = time;
    buckets.set(key, bucket);
    if (buckets.size > maxCallers) buckets.delete(buckets.keys().next().value!);
    return bucket;
  };
  return {
    async handle(request, next) {
      const [path] = request.url.split('?', 1);
      const bucket = bucketOf(`${request.remoteAddress} ${path}`);
      if (bucket.tokens < 1) return plainAnswer(429, 'You have reached maximum request limit.', told);
      bucket.tokens -= 1;
      const answer = await next(request);
      return { ...answer, headers: { ...answer.headers, ...told } };
    },
    async [Symbol.asyncDispose]() {},
  };
}

function rateOf(text: string): number {
  const rate = Number(text);
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw fault('invalid-metadata', 'maxRequestsPerSecond: must be a number above 0');
}
