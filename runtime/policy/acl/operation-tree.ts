/**
 * What a policy says of operations, by path. A name covers itself and everything below it; of several that cover a path
 * the shortest decides, and among equals the one listed first. In a name a segment may be `*` (at the end: exactly one
 * more segment, or none), `**` (at the end: any number) or hold `*` for any characters. Source: Dapr 1.18
 * `pkg/config/acl_trie.go`; unlike there, `*` and `**` also stand for one segment within a name.
 */
export type OperationTree<R> = {
  /** Of two equal names the first one stays. */
  add(name: string, rule: R): void;
  find(path: string): R | undefined;
};

type Node<R> = { segment: string; matches(segment: string): boolean; rule: R | undefined; below: Node<R>[] };

/** An empty tree. */
export function operationTree<R>(): OperationTree<R> {
  const root: Node<R>[] = [];
  return {
    add(name, rule) {
      let level = root;
      let node: Node<R> | undefined;
      for (const segment of segmentsOf(name)) {
        node = level.find((other) => other.segment === segment) ?? grown(level, segment);
        level = node.below;
      }
      node!.rule ??= rule;
    },
    find: (path) => search(root, segmentsOf(path), 0),
  };
}

function grown<R>(level: Node<R>[], segment: string): Node<R> {
  const node: Node<R> = { segment, matches: matcher(segment), rule: undefined, below: [] };
  level.push(node);
  return node;
}

const segmentsOf = (path: string): string[] => path.replace(/^\//, '').split('/');

function search<R>(level: readonly Node<R>[], path: readonly string[], at: number): R | undefined {
  const isLast = at === path.length - 1;
  for (const node of level) {
    if (!node.matches(path[at]!)) continue;
    if (node.rule !== undefined && (isLast || node.segment !== '*')) return node.rule;
    const found = isLast ? justBelow(node) : search(node.below, path, at + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `/a/*` and `/a/**` cover `/a` too. */
const justBelow = <R>(node: Node<R>): R | undefined =>
  node.below.find(({ segment, rule }) => rule !== undefined && (segment === '*' || segment === '**'))?.rule;

function matcher(pattern: string): (segment: string) => boolean {
  if (!pattern.includes('*')) return (segment) => segment === pattern;
  const parts = pattern.split(/\*+/);
  return (segment) => {
    const [first, last] = [parts[0]!, parts.at(-1)!];
    if (segment.length < first.length + last.length || !segment.startsWith(first) || !segment.endsWith(last))
      return false;
    const end = segment.length - last.length;
    let from = first.length;
    for (const part of parts.slice(1, -1)) {
      const found = segment.indexOf(part, from);
      if (found < 0 || found + part.length > end) return false;
      from = found + part.length;
    }
    return true;
  };
}
