import { fault } from '#kit/errors/fault.ts';
import type { Child } from './child.ts';
import type { AppPlan, ChildSpec } from './plan.ts';

export type Supervision = {
  /** Starts one process; `name` is how its lines are labelled. */
  start(name: string, spec: ChildSpec): Promise<Child>;
  /** Resolves when the address answers 2xx; rejects when the signal fires first. */
  untilReady(url: string, signal: AbortSignal): Promise<void>;
  /** A line for the user about what happens. */
  say(text: string): void;
  onStarted?(plan: AppPlan, sidecar: Child, app: Child | undefined): Promise<void>;
  /** How long a process may take to end before it is killed, in ms. */
  graceMs: number;
  /** Resolves after that many ms. */
  pause(ms: number): Promise<void>;
};

type Pair = { plan: AppPlan; sidecar: Child; app: Child | undefined };

/** Why everything ends: the user asked, an app ended the run, or a sidecar died. */
type Ending = { code: number; reason: string };

/**
 * Starts sidecars and apps in order, each app after its sidecar is ready, and stays until the signal fires, a sidecar
 * dies, an app fails or all apps have ended. Then stops what still runs: apps first, then sidecars.
 * Answers the exit code: the app's own; 1 where a sidecar died; 0 where the user stopped a healthy run.
 */
export async function supervise(plans: readonly AppPlan[], how: Supervision, signal: AbortSignal): Promise<number> {
  const pairs: Pair[] = [];
  const ending = Promise.withResolvers<Ending>();
  const stopped = () => ending.resolve({ code: 0, reason: 'stopping' });
  if (signal.aborted) return 0;
  signal.addEventListener('abort', stopped, { once: true });
  const running = startAll(plans, pairs, how, ending).catch((thrown: Error) =>
    ending.resolve({ code: 1, reason: thrown.message }),
  );
  const { code, reason } = await ending.promise;
  signal.removeEventListener('abort', stopped);
  how.say(reason);
  await stopAll(pairs, how);
  await running;
  return code;
}

async function startAll(
  plans: readonly AppPlan[],
  pairs: Pair[],
  how: Supervision,
  ending: PromiseWithResolvers<Ending>,
): Promise<void> {
  let waitingFor = plans.filter((plan) => plan.app !== undefined).length;
  let over = false;
  void ending.promise.then(() => {
    over = true;
  });
  const appEnded = (plan: AppPlan, code: number): void => {
    waitingFor -= 1;
    if (code !== 0) ending.resolve({ code, reason: `${plan.id} ended with exit code ${code}` });
    else if (waitingFor === 0) ending.resolve({ code: 0, reason: `${plan.id} ended` });
  };
  for (const plan of plans) {
    if (over) return;
    const pair: Pair = { plan, sidecar: await how.start(`${plan.id} daprd`, plan.sidecar), app: undefined };
    pairs.push(pair);
    void pair.sidecar.ended.then((code) =>
      ending.resolve({ code: 1, reason: `the sidecar of ${plan.id} ended with exit code ${code}` }),
    );
    await readyOrOver(plan, how, ending.promise);
    if (over) return;
    if (plan.app !== undefined) {
      pair.app = await how.start(plan.id, plan.app);
      void pair.app.ended.then((code) => appEnded(plan, code));
    }
    await how.onStarted?.(plan, pair.sidecar, pair.app);
  }
}

async function readyOrOver(plan: AppPlan, how: Supervision, over: Promise<unknown>): Promise<void> {
  const abort = new AbortController();
  void over.then(() => abort.abort());
  try {
    await how.untilReady(plan.ready, abort.signal);
  } catch (cause) {
    if (!abort.signal.aborted)
      throw fault('unavailable', `the sidecar of ${plan.id} does not answer on ${plan.ready}`, { cause });
  }
}

async function stopAll(pairs: readonly Pair[], how: Supervision): Promise<void> {
  await Promise.all(pairs.map((pair) => pair.app && stop(pair.app, how)));
  await Promise.all(pairs.map((pair) => stop(pair.sidecar, how)));
}

async function stop(child: Child, how: Supervision): Promise<void> {
  child.kill('SIGTERM');
  const inTime = await Promise.race([child.ended.then(() => true), how.pause(how.graceMs).then(() => false)]);
  if (!inTime) child.kill('SIGKILL');
  await child.ended;
}
