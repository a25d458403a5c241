import { createServer } from 'node:https';
import express, { type ErrorRequestHandler } from 'express';
import { fault, toFault } from '#kit/errors/fault.ts';
import { faults } from '#kit/errors/table.ts';
import { watchMaterial } from '#kit/grpc/server-tls.ts';
import type { ServerTls } from '#kit/grpc/tls.ts';
import { listen } from '#kit/http/listen.ts';
import { webhookIdleMs } from '#kit/http/webhook-idle.ts';
import type { Logger } from '#kit/log/logger.ts';
import { answerReview } from './conversion.ts';

export type WebhookServer = AsyncDisposable & { port: number };

/** The API server sends at most what etcd holds of a page of objects. */
const largestBody = '16mb';

/** Serves `POST /convert` over TLS that asks for no client certificate; new connections use the newest one of ours. */
export async function startWebhookServer(
  at: { host: string; port: number },
  tls: ServerTls,
  log: Logger,
): Promise<WebhookServer> {
  const app = express().disable('x-powered-by');
  app.post('/convert', express.json({ limit: largestBody, type: () => true }), (request, response) => {
    response.json(answerReview(request.body));
  });
  app.use((_request, response) => void response.status(404).end());
  app.use(refusal(log));
  const server = createServer({ ...tls.material(), minVersion: 'TLSv1.2', keepAliveTimeout: webhookIdleMs }, app);
  watchMaterial(server, tls);
  const port = await listen(server, 'the conversion webhook', at.host, at.port);
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), 5_000);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** Says what was wrong with a request that is no review; Express needs all four parameters to see an error handler. */
const refusal =
  (log: Logger): ErrorRequestHandler =>
  (thrown, _request, response, _next) => {
    const problem = bodyProblem(thrown);
    log.warn(`Refused a conversion request: ${problem.message}`);
    response.status(faults[problem.key].http).json({ errorCode: problem.errorCode, message: problem.message });
  };

/** body-parser's errors carry a status; ours are faults already. */
function bodyProblem(thrown: unknown) {
  const { status } = thrown as { status?: number };
  if (status === 413) return fault('too-large', `the body is larger than ${largestBody}`);
  if (status === 400) return fault('malformed-request', 'the body is not JSON');
  return toFault(thrown);
}
