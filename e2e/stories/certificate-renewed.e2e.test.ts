import { steadyLoad } from '#kit/testing/steady-load.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { eventually } from '../eventually.ts';
import { installChart } from '../helm.ts';
import { placeOrder } from './orders.ts';
import { type World, world } from './world.ts';

/** Asks the shop for an order through its own sidecar: an mTLS call from sidecar to sidecar. */
const caller = `
import { createServer } from 'node:http';
createServer(async (request, response) => {
  const answer = await fetch('http://127.0.0.1:3500/v1.0/invoke/shop/method' + request.url);
  response.writeHead(answer.status).end(await answer.text());
}).listen(8080);
`;

describe('certificates are renewed under load', () => {
  let story: World;
  beforeAll(async () => {
    story = await world('certificate-renewed');
    // Sentry follows its Configuration: it is not restarted.
    await installChart(story.target, 'global.mtls.workloadCertTTL=30s');
    await story.deploy('redis.yaml', 'orders.yaml', 'shop.yaml');
    await story.apply(callerManifest(story.target.images.shop));
    await story.pod('redis');
    await story.pod('shop');
    await story.served('shop');
    await story.pod('caller');
    await story.served('caller');
  });
  afterAll(async () => {
    await installChart(story.target);
    await story.end();
  });

  it('loses no call between two sidecars while both get new certificates', async () => {
    expect(await placeOrder(story, '1001')).toBe(true);
    const before = await renewals(story);
    await using load = steadyLoad(10, async () => {
      const answer = await story.fetch('caller:80', '/orders/1001');
      const body = await answer.text();
      if (answer.status !== 200) throw new Error(`${answer.status} ${body}`);
    });
    await eventually(
      'two renewals of both sidecars, and calls meanwhile',
      async () => {
        const now = await renewals(story);
        const renewed = now.shop >= before.shop + 2 && now.caller >= before.caller + 2;
        return (renewed && load.answered() > 20) || undefined;
      },
      { timeout: 400 },
    );
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
  });
});

/** How often each app's sidecar says in its log that it holds a new certificate. */
async function renewals(story: World): Promise<{ shop: number; caller: number }> {
  const count = async (app: string): Promise<number> => {
    const log = await story.kubectl('logs', '-n', story.namespace, `deployment/${app}`, '-c', 'daprd');
    return log.split('\n').filter((line) => /renew/i.test(line)).length;
  };
  return { shop: await count('shop'), caller: await count('caller') };
}

const callerManifest = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: caller }
spec:
  selector: { matchLabels: { app: caller } }
  template:
    metadata:
      labels: { app: caller }
      annotations: { dapr.io/enabled: "true", dapr.io/app-id: caller, dapr.io/app-port: "8080" }
    spec:
      containers:
        - name: caller
          image: ${image}
          command: ["/usr/bin/node", "--input-type=module", "-e", ${JSON.stringify(caller)}]
---
apiVersion: v1
kind: Service
metadata: { name: caller }
spec:
  selector: { app: caller }
  ports: [{ port: 80, targetPort: 8080 }]
`;
