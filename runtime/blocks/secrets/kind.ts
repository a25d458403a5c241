import type { SecretStore } from '#contracts/secret.ts';
import { fault } from '#kit/errors/fault.ts';
import { defineKind } from '../kind.ts';

/** A secret store in use. */
export type BoundSecretStore = { readonly name: string; readonly store: SecretStore };

/** Secret stores. */
export const secretKind = defineKind<SecretStore, BoundSecretStore>({
  category: 'secretstores',
  metric: 'secret',
  policy: 'Secretstore',
  bind: (store, { name }) => ({ name, store }),
  capabilities: ({ store }) => store.traits,
  absent: (name, any) =>
    any
      ? fault('secret-store-not-found', `failed finding secret store with key ${name}`)
      : fault('secret-stores-not-configured', 'secret store is not configured'),
});
