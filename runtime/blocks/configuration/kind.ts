import type { ConfigurationStore } from '#contracts/configuration.ts';
import { fault } from '#kit/errors/fault.ts';
import { defineKind } from '../kind.ts';

/** A configuration store in use. */
export type BoundConfigurationStore = { readonly name: string; readonly store: ConfigurationStore };

/** Configuration stores. */
export const configurationKind = defineKind<ConfigurationStore, BoundConfigurationStore>({
  category: 'configuration',
  metric: 'configuration',
  policy: 'Configuration',
  bind: (store, { name }) => ({ name, store }),
  capabilities: () => [],
  absent: (name, any) =>
    any
      ? fault('configuration-not-found', `configuration store ${name} not found`)
      : fault('configuration-not-configured', 'configuration stores not configured'),
});
