import type { Component } from '#crds/component.ts';
import { fault } from '#kit/errors/fault.ts';

/** A component as logs and errors name it: `orders (state.redis/v1)`. */
export const logName = ({ metadata, spec }: Component): string =>
  `${metadata.name} (${spec.type}/${spec.version || 'v1'})`;

/** Throws `invalid-config` that lists every component whose name an earlier one has, after saying what failed. */
export function refuseDuplicates(components: readonly Component[], failed = 'failed to load components'): void {
  const first = new Map<string, Component>();
  const problems: string[] = [];
  for (const component of components) {
    const { name } = component.metadata;
    const existing = first.get(name);
    if (existing === undefined) first.set(name, component);
    else
      problems.push(`duplicate definition of Component name ${logName(component)} with existing ${logName(existing)}`);
  }
  if (problems.length > 0) throw fault('invalid-config', `${failed}: ${problems.join('\n')}`);
}
