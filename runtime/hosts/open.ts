import { components } from '#components/index.ts';
import { openComponent } from '#contracts/component.ts';
import { fault } from '#kit/errors/fault.ts';
import { nearest } from '#kit/values/nearest.ts';
import type { HostContext, HostedComponent } from './host.ts';

/** The words for a kind in the error about an unknown type, as Dapr has them. */
const kindNames: Readonly<Record<string, string>> = {
  state: 'state store',
  pubsub: 'message bus',
  bindings: 'binding',
  secretstores: 'secret store',
  configuration: 'configuration store',
  lock: 'lock store',
  nameresolution: 'name resolver',
  middleware: 'HTTP middleware',
};

/**
 * Opens a component where it shall run and resolves to the object of its contract. Rejects with `invalid-metadata` for
 * wrong settings, and with `component-unknown` for a type there is no component of.
 */
export async function openHosted(spec: HostedComponent, context: HostContext): Promise<AsyncDisposable> {
  const component = await find(spec);
  return await openComponent(component, spec.metadata, { name: spec.name, ...context });
}

async function find({ type, version }: HostedComponent) {
  const key = `${type}/${version || 'v1'}`.toLowerCase();
  const load = components[key];
  if (load) return await load();
  const kind = kindNames[type.split('.')[0]!.toLowerCase()] ?? 'component';
  const meant = nearest(key, Object.keys(components));
  throw fault(
    'component-unknown',
    `couldn't find ${kind} ${type}/${version || 'v1'}${meant ? `: did you mean ${meant}?` : ''}`,
  );
}
