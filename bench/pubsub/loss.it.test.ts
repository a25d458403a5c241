import { join } from 'node:path';
import { checkout } from '#e2e/checkout.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { lose } from './lose.ts';

const subject = { name: 'outrigger', command: join(checkout, 'bin/daprd'), args: [] };

describe('a sidecar and a broker that are killed', () => {
  for (const broker of ['redis', 'rabbitmq', 'jetstream'] as const) {
    it(`lose no message on ${broker}`, async () => {
      const loss = await lose({ broker, subject, messages: 20_000, kills: 3, restarts: 1 });
      expect(loss.lost).toBe(0);
    }, 600_000);
  }
});
