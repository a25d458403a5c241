import { httpEndpoint } from '#crds/http-endpoint.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { acceptSchema } from './accept-schema.ts';

const endpoint = (spec: Record<string, unknown>) => acceptSchema(httpEndpoint, { metadata: { name: 'pay' }, spec });

describe('acceptSchema', () => {
  it('accepts what a sidecar can read', () => {
    expect(endpoint({ baseUrl: 'https://pay.example' })).toMatchObject({ type: 'Accepted', status: 'True' });
  });

  it('names the field that it cannot', () => {
    expect(endpoint({ baseUrl: ['https://pay.example'] })).toMatchObject({
      ...{ type: 'Accepted', status: 'False', reason: 'Invalid' },
      message: expect.stringContaining('spec.baseUrl: must be a string, got a list'),
    });
  });
});
