import { fault } from '#kit/errors/fault.ts';
import type { BindContext } from '../kind.ts';
import { illegalKey } from './state-faults.ts';

const separator = '||';

/**
 * What stands before a store's keys, by its metadata `keyPrefix`: `appid` (default), `name`, `namespace`, `none`, or any
 * text of its own. Names and values ignore case. Source: Dapr `pkg/components/state/state_config.go`.
 */
export function keyPrefix({ metadata, name, appId, namespace }: BindContext): string {
  const given = Object.keys(metadata).find((key) => key.toLowerCase() === 'keyprefix');
  const strategy = (given === undefined ? '' : metadata[given]!.toLowerCase()) || 'appid';
  if (strategy.includes(separator)) {
    throw fault('invalid-metadata', `component ${name}: keyPrefix "${strategy}" must not contain "${separator}"`);
  }
  if (strategy === 'none') return '';
  if (strategy === 'name') return `${name}${separator}`;
  if (strategy === 'appid') return appId === '' ? '' : `${appId}${separator}`;
  if (strategy === 'namespace') return appId === '' ? '' : `${namespace && `${namespace}.`}${appId}${separator}`;
  return `${strategy}${separator}`;
}

/** A key as the store has it. Throws where the caller's key could be mistaken for one with a prefix. */
export function storedKey({ name, prefix }: { name: string; prefix: string }, key: string): string {
  if (key.includes(separator)) throw illegalKey(name, key);
  return prefix + key;
}

/** The caller's key: what stands between the first and the second separator. */
export function callersKey(stored: string): string {
  const parts = stored.split(separator, 3);
  return parts.length > 1 ? parts[1]! : stored;
}
