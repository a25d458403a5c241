import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import { fault, toFault } from '#kit/errors/fault.ts';
import { type FaultKey, faults } from '#kit/errors/table.ts';
import { type AdmissionAnswer, type AdmissionRequest, readReview, writeReview } from './review.ts';

/** An API server takes no object over 3 MiB; a review holds one, or two. */
const longestBody = 8 * 1024 * 1024;

export type HandlerOptions = {
  admit(request: AdmissionRequest): Promise<AdmissionAnswer>;
  /** Seconds that a request took. */
  took(seconds: number): void;
};

/** `POST /mutate`. What is no AdmissionReview is answered with a 4xx that says why, and never counts as a decision. */
export function webhookHandler({ admit, took }: HandlerOptions): Express {
  const mutate: RequestHandler = async (request, response) => {
    const started = performance.now();
    const body = request.body as Buffer | undefined;
    if (body === undefined || body.length === 0) throw fault('bad-request', 'empty body');
    if (!isJson(request.headers['content-type'])) {
      reply(response, 415, 'bad-request', 'invalid Content-Type, expected `application/json`');
      return;
    }
    const review = readReview(body.toString('utf8'));
    response.type('application/json').send(writeReview(review, await admit(review)));
    took((performance.now() - started) / 1_000);
  };
  const app = express().disable('x-powered-by').disable('etag');
  app.post('/mutate', express.raw({ type: () => true, limit: longestBody }), mutate);
  app.use((request, response) => {
    reply(response, 404, 'not-found', `nothing is served at ${request.method} ${request.path}`);
  });
  return app.use(onError);
}

const isJson = (contentType = ''): boolean => contentType.split(';')[0]!.trim().toLowerCase() === 'application/json';

const onError: ErrorRequestHandler = (thrown, _request, response, _next) => {
  if (isTooLarge(thrown)) {
    reply(response, 413, 'too-large', `the body is larger than ${longestBody} bytes`);
    return;
  }
  const { key, message } = toFault(thrown);
  reply(response, faults[key].http, key, message);
};

const isTooLarge = (thrown: unknown): boolean => (thrown as { type?: string }).type === 'entity.too.large';

function reply(response: Response, status: number, key: FaultKey, message: string): void {
  response.status(status).json({ errorCode: faults[key].errorCode, message });
}
