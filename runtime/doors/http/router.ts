import type { RouteMethod } from '../../blocks/rest.ts';
import { decodeParam } from './path.ts';

type Node<T> = {
  fixed: Map<string, Node<T>>;
  param?: Node<T>;
  /** Takes the rest of the path. */
  rest?: Leaf<T>;
  leaf?: Leaf<T>;
};

type Leaf<T> = { value: T; names: readonly string[] };

export type Match<T> = {
  value: T;
  /** Decoded; undefined values where an escape is broken. */
  params: Record<string, string>;
};

export type Router<T> = {
  /** Throws where two routes are the same. */
  add(method: RouteMethod, template: string, value: T): void;
  /** The route for a clean path; a fixed segment wins over a parameter. `undefined` parameters mean a broken escape. */
  find(method: string, path: string): Match<T> | undefined;
};

const empty: Record<string, string> = Object.freeze({});

/** Routes by method and path template. Each method has its own tree, so that a path may mean different things by verb. */
export function createRouter<T>(): Router<T> {
  const roots = new Map<string, Node<T>>();
  return {
    add(method, template, value) {
      let node: Node<T> = roots.get(method) ?? { fixed: new Map() };
      roots.set(method, node);
      const names: string[] = [];
      for (const segment of template.slice(1).split('/')) {
        const name = /^\{(\w+)(\*?)\}$/.exec(segment);
        if (name) names.push(name[1]!);
        if (name?.[2] === '*') {
          if (node.rest) throw new Error(`two routes for ${method} ${template}`);
          node.rest = { value, names };
          return;
        }
        if (name) node.param ??= { fixed: new Map() };
        node = name ? node.param! : fixedChild(node, segment);
      }
      if (node.leaf) throw new Error(`two routes for ${method} ${template}`);
      node.leaf = { value, names };
    },
    find(method, path) {
      const root = roots.get(method);
      if (root === undefined) return undefined;
      const taken: string[] = [];
      const leaf = walk(root, path, 1, taken);
      if (leaf === undefined) return undefined;
      return { value: leaf.value, params: leaf.names.length === 0 ? empty : decoded(leaf.names, taken) };
    },
  };
}

function fixedChild<T>(node: Node<T>, segment: string): Node<T> {
  const child: Node<T> = node.fixed.get(segment) ?? { fixed: new Map() };
  node.fixed.set(segment, child);
  return child;
}

/** Matches the path from a segment on; `at` beyond its end means that all segments are matched. */
function walk<T>(node: Node<T>, path: string, at: number, taken: string[]): Leaf<T> | undefined {
  if (at > path.length) return node.leaf;
  const slash = path.indexOf('/', at);
  const end = slash < 0 ? path.length : slash;
  const segment = path.slice(at, end);
  const fixed = node.fixed.get(segment);
  const found = fixed && walk(fixed, path, end + 1, taken);
  if (found) return found;
  if (node.param && segment !== '') {
    taken.push(segment);
    const below = walk(node.param, path, end + 1, taken);
    if (below) return below;
    taken.pop();
  }
  if (node.rest) taken.push(path.slice(at));
  return node.rest;
}

function decoded(names: readonly string[], taken: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) params[names[i]!] = decodeParam(taken[i]!) as string;
  return params;
}
