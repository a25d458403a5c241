import { PassThrough } from 'node:stream';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { Child } from './child.ts';
import type { AppPlan } from './plan.ts';
import { type Supervision, supervise } from './supervise.ts';

function fakeChild(name: string, events: string[], stubborn = false) {
  const end = Promise.withResolvers<number>();
  const child: Child = {
    pid: 1,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    ended: end.promise,
    kill: (signal) => {
      events.push(`${signal} ${name}`);
      if (!stubborn || signal === 'SIGKILL') end.resolve(signal === 'SIGKILL' ? 137 : 0);
    },
  };
  return { child, exit: end.resolve };
}

function scene(options: { stubborn?: string; ready?: (url: string) => Promise<void> } = {}) {
  const events: string[] = [];
  const children = new Map<string, ReturnType<typeof fakeChild>>();
  const allStarted = Promise.withResolvers<void>();
  const how: Supervision = {
    start: async (name) => {
      events.push(`start ${name}`);
      const made = fakeChild(name, events, options.stubborn === name);
      children.set(name, made);
      return made.child;
    },
    untilReady: options.ready ?? (async () => {}),
    say: (text) => void events.push(`say ${text}`),
    onStarted: async (plan) => {
      if (plan.id === 'shop') allStarted.resolve();
    },
    graceMs: 1,
    pause: () => (options.stubborn ? Promise.resolve() : new Promise(() => {})),
  };
  return { events, children, how, started: allStarted.promise };
}

const spec = { command: 'x', args: [], cwd: '.', env: {} };
const plan = (id: string, app = true): AppPlan => ({
  id,
  sidecar: spec,
  ready: `http://${id}`,
  app: app ? spec : undefined,
  appPort: undefined,
  ports: { http: 1, grpc: 2, internal: 3, metrics: 4, profile: 5 },
  files: { resourcesPaths: [], configs: [], appProtocol: 'http' },
  dependsOn: [],
});

describe('supervise', () => {
  it("passes on the app's exit code and stops its sidecar", async () => {
    const { events, children, how, started } = scene();
    const code = supervise([plan('shop')], how, new AbortController().signal);
    await started;
    children.get('shop')!.exit(3);
    expect(await code).toBe(3);
    expect(events).toEqual([
      'start shop daprd',
      'start shop',
      'say shop ended with exit code 3',
      'SIGTERM shop',
      'SIGTERM shop daprd',
    ]);
  });

  it('stops apps before sidecars when the user asks, with exit code 0', async () => {
    const { events, how, started } = scene();
    const abort = new AbortController();
    const code = supervise([plan('cart'), plan('shop')], how, abort.signal);
    await started;
    abort.abort();
    expect(await code).toBe(0);
    expect(events.slice(-4)).toEqual(['SIGTERM cart', 'SIGTERM shop', 'SIGTERM cart daprd', 'SIGTERM shop daprd']);
  });

  it('goes on while another app runs, and ends with the last', async () => {
    const { children, how, started } = scene();
    const code = supervise([plan('cart'), plan('shop')], how, new AbortController().signal);
    await started;
    children.get('cart')!.exit(0);
    await children.get('cart')!.child.ended;
    children.get('shop')!.exit(0);
    expect(await code).toBe(0);
  });

  it('ends with 1 when a sidecar dies before it is ready, and never starts the app', async () => {
    const asked = Promise.withResolvers<void>();
    const { events, children, how } = scene({
      ready: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    how.untilReady = (_url, signal) =>
      new Promise((_, reject) => {
        asked.resolve();
        signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
      });
    const code = supervise([plan('shop')], how, new AbortController().signal);
    await asked.promise;
    children.get('shop daprd')!.exit(1);
    expect(await code).toBe(1);
    expect(events).not.toContain('start shop');
    expect(events).toContain('say the sidecar of shop ended with exit code 1');
  });

  it('kills what does not end in its grace time', async () => {
    const { events, how, started } = scene({ stubborn: 'shop' });
    const abort = new AbortController();
    const code = supervise([plan('shop')], how, abort.signal);
    await started;
    abort.abort();
    expect(await code).toBe(0);
    expect(events).toContain('SIGKILL shop');
  });
});
