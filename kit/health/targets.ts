/** Named conditions that must all hold before a binary is ready. */
export type HealthTargets = {
  /** Adds a condition, not ready yet; its switch turns it on and off. */
  add(name: string): HealthTarget;
  ready(): boolean;
  /** Names of the conditions that do not hold. */
  waitingFor(): string[];
};

export type HealthTarget = { ready(): void; notReady(): void };

/** An empty set of targets is ready. */
export function healthTargets(): HealthTargets {
  const states = new Map<string, boolean>();
  return {
    add(name) {
      states.set(name, false);
      return { ready: () => void states.set(name, true), notReady: () => void states.set(name, false) };
    },
    ready: () => [...states.values()].every(Boolean),
    waitingFor: () => [...states].filter(([, ready]) => !ready).map(([name]) => name),
  };
}
