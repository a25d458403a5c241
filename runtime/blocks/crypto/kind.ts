import type { CryptoProvider } from '#contracts/crypto.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Loaded, Registry } from '../../registry.ts';
import { defineKind } from '../kind.ts';

/** Vaults of keys. */
export const cryptoKind = defineKind<CryptoProvider, CryptoProvider>({
  category: 'crypto',
  metric: 'crypto',
  policy: 'Crypto',
  bind: (provider) => provider,
  capabilities: () => [],
  absent: (name, any) =>
    any
      ? fault('crypto-not-found', `crypto provider ${name} not found`)
      : fault('crypto-not-configured', 'crypto providers not configured'),
});

/** Finds a vault by its name; throws what the API answers where there is none. */
export type FindVault = (name: string) => Vault;

/** A vault in use. */
export type Vault = {
  /** Runs a call of it under its policy, and counts it. */
  call<T>(attempt: (provider: CryptoProvider, signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
};

/** Vaults as they are in the registry at the moment of the call. */
export function vaultsOf(registry: Registry): FindVault {
  const vaults = registry.of(cryptoKind);
  return (name) => {
    if (vaults.size > 0 && name === '') throw badRequest('missing component name');
    const loaded = vaults.get(name);
    if (loaded === undefined) throw cryptoKind.absent(name, vaults.size > 0, '');
    return { call: (attempt, signal) => observed(loaded, attempt, signal) };
  };
}

async function observed<T>(
  { component, guard, observe }: Loaded<CryptoProvider>,
  attempt: (provider: CryptoProvider, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const began = performance.now();
  const call = (one: AbortSignal) => attempt(component, one);
  try {
    const answer = await (guard ? guard(call, signal) : call(signal));
    observe?.('crypto_op', true, performance.now() - began);
    return answer;
  } catch (thrown) {
    observe?.('crypto_op', false, performance.now() - began);
    throw thrown;
  }
}

/** The fault of a request that lacks what it must have, or says it wrongly. */
export const badRequest = (why: string) => fault('bad-request', `invalid request: ${why}`);
