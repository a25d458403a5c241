import { randomUUID } from 'node:crypto';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';

/** A server of the test's own, as `e2e/` starts them. */
export type BreakableServer = {
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Lets it hang, by SIGSTOP, until it may go on. */
  halt(): Promise<void>;
  goOn(): Promise<void>;
  /** Starts it again with what it had stored. */
  restart(): Promise<void>;
  /** Makes the user where there is none; its password is that one from now on, also after a restart. */
  setPassword?(user: string, password: string): Promise<unknown>;
};

export type OutageCases<T> = {
  server(): BreakableServer;
  /** Opens the component, as a user with a password where one is given. */
  open(login?: { user: string; password: string }): Promise<T>;
  /** Something that only works with the server. */
  use(component: T): Promise<unknown>;
};

/** A component may need a while, on a slow machine above all: that it gets there is what counts. */
export const patienceMs = 120_000;
const limitMs = 600_000;

/**
 * What every component with a server must do when that server goes, comes back or takes other passwords; run it from
 * the component's test, last of all, as it ends the server again and again.
 */
export function outageConformance<T extends AsyncDisposable>(
  name: string,
  cases: OutageCases<T>,
  { passwords = true } = {},
): void {
  describe(`${name} and the outages of its server`, () => {
    it('fails while the server is away, and works again when a killed one is back', () => comesBack(cases), limitMs);
    it(
      'fails rather than waits for ever while the server hangs, and works when it goes on',
      () => hangs(cases),
      limitMs,
    );
    if (passwords) it('follows changed passwords, and tells none', () => followsPasswords(cases), limitMs);
  });
}

async function comesBack<T extends AsyncDisposable>({ server, open, use }: OutageCases<T>): Promise<void> {
  await using component = await open();
  await use(component);
  await server().kill();
  await eventually(() => expect(use(component)).rejects.toThrow(), patienceMs);
  await server().restart();
  await eventually(() => use(component), patienceMs);
}

async function hangs<T extends AsyncDisposable>({ server, open, use }: OutageCases<T>): Promise<void> {
  await using component = await open();
  await use(component);
  await server().halt();
  try {
    const outcome = use(component).then(
      () => 'worked',
      () => 'failed',
    );
    let known: string | undefined;
    void outcome.then((what) => {
      known = what;
    });
    await eventually(() => expect(known).toBe('failed'), patienceMs);
  } finally {
    await server().goOn();
  }
  await eventually(() => use(component), patienceMs);
}

async function followsPasswords<T extends AsyncDisposable>({ server, open, use }: OutageCases<T>): Promise<void> {
  const user = `user_${randomUUID().slice(0, 8)}`;
  const [first, second] = [`first-${randomUUID()}`, `second-${randomUUID()}`];
  const set = (password: string) => server().setPassword!(user, password);
  await set(first);
  await using before = await open({ user, password: first });
  await use(before);

  await set(second);
  await using after = await open({ user, password: second });
  await use(after);
  const untold = expect.objectContaining({ key: 'unavailable', message: expect.not.stringContaining(first) });
  await expect(open({ user, password: first })).rejects.toEqual(untold);

  // Every connection is made anew: the former one's is refused, without harm to the other, until its password is right.
  await server().kill();
  await server().restart();
  await eventually(() => use(after), patienceMs);
  await expect(use(before)).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining(first) }));
  await set(first);
  await eventually(() => use(before), patienceMs);
}
