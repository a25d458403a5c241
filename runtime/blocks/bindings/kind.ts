import type { Binding } from '#contracts/binding.ts';
import { fault } from '#kit/errors/fault.ts';
import { defineKind } from '../kind.ts';

/** A binding in use. */
export type BoundBinding = {
  readonly name: string;
  readonly binding: Binding;
  /** Path of the app that gets its events. */
  readonly route: string;
  /** Directions that its metadata names; undefined where it names none. */
  readonly directions: ReadonlySet<string> | undefined;
};

/** Whether it may be used that way: by what it can, and what its metadata says. */
export const isInput = ({ binding, directions }: BoundBinding) =>
  binding.read !== undefined && (directions?.has('input') ?? true);
export const isOutput = ({ binding, directions }: BoundBinding) =>
  binding.invoke !== undefined && (directions?.has('output') ?? true);

/** Bindings. */
export const bindingKind = defineKind<Binding, BoundBinding>({
  category: 'bindings',
  metric: 'output_binding',
  policy: 'Binding',
  bind: (binding, { name, metadata }) => {
    const given = Object.entries(metadata).find(([item]) => item.toLowerCase() === 'direction')?.[1];
    const directions = given?.split(',').map((word) => word.trim().toLowerCase());
    return { name, binding, route: metadata['route'] || name, directions: directions && new Set(directions) };
  },
  capabilities: (bound) => [
    ...(isInput(bound) ? ['INPUT_BINDING'] : []),
    ...(isOutput(bound) ? ['OUTPUT_BINDING'] : []),
  ],
  absent: (name) => invokeFailed(name, `couldn't find output binding ${name}`),
});

/** The fault of an output binding that could not do what it was asked. */
export const invokeFailed = (name: string, why: string, cause?: unknown) =>
  fault('binding-invoke', `error invoking output binding ${name}: ${why}`, cause === undefined ? {} : { cause });
