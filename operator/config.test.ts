import { parseFlags } from '#kit/flags/parse.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

const read = (argv: string[], env: Record<string, string> = { NAMESPACE: 'dapr-system' }) =>
  configure(parseFlags(flags, argv), env);

describe('the operator configuration', () => {
  it("has Dapr's defaults", () => {
    expect(read([])).toMatchObject({
      namespace: 'dapr-system',
      configuration: 'daprsystem',
      api: { host: '', port: 6500 },
      webhook: { host: '', port: 19443 },
      healthz: { host: '', port: 8080 },
      metrics: { host: '', port: 9090 },
      trustAnchorsFile: '/var/run/secrets/dapr.io/tls/ca.crt',
      watchdog: undefined,
      leaderElection: true,
      services: { enabled: true, rollouts: false },
    });
  });

  it.each([
    ['once', undefined],
    ['2m', 120_000],
  ])('searches for pods without a sidecar %s', (text, everyMs) => {
    const config = read([`-watch-interval=${text}`, '-disable-leader-election', '-max-pod-restarts-per-minute=0']);
    expect(config.watchdog).toEqual({ everyMs, restartsPerMinute: Number.POSITIVE_INFINITY, mayLabel: false });
    expect(config.leaderElection).toBe(true);
  });

  it('serves no webhook when told so', () => {
    expect(read([], { NAMESPACE: 'x', ENABLE_WEBHOOKS: 'False' }).webhook).toBeUndefined();
  });

  it('says what is wrong', () => {
    expect(() => read([], {})).toThrow('NAMESPACE is not set');
    expect(() => read(['-watch-interval=10ms'])).toThrow('--watch-interval=10ms: must be 0, once, or at least 1s');
    expect(() => read(['-watch-interval=often'])).toThrow('--watch-interval: "often" is not a duration');
  });
});
