import { Registry } from 'prom-client';
import { fault } from '#kit/errors/fault.ts';

/** What a rule of the Configuration's `metrics.rules` says: parts of labels' values that match become one word. */
export type LabelRule = {
  /** Of the metric, with or without `dapr_`. */
  name: string;
  labels: readonly { name: string; regex: Readonly<Record<string, string>> }[];
};

export type Labels = Readonly<Record<string, string>>;

/** A registry whose bound series go through rules, so that values of endless variety end in few series. */
export class RuledRegistry extends Registry {
  readonly #rules: ReadonlyMap<string, readonly Replacement[]>;

  /** Throws `invalid-config` for an expression that cannot be read. */
  constructor(rules: readonly LabelRule[]) {
    super();
    this.#rules = replacements(rules);
  }

  /** What makes the labels of a metric's series; undefined where no rule is about it. */
  relabel(metric: string): ((labels: Labels) => Labels) | undefined {
    const rules = this.#rules.get(plain(metric));
    if (rules === undefined) return undefined;
    return (labels) => {
      const out = { ...labels };
      for (const { label, regex, by } of rules) if (out[label]) out[label] = out[label].replace(regex, by);
      return out;
    };
  }
}

type Replacement = { label: string; regex: RegExp; by: string };

const plain = (metric: string) => metric.replace(/^dapr_/, '');

function replacements(rules: readonly LabelRule[]): Map<string, Replacement[]> {
  const found = new Map<string, Replacement[]>();
  for (const { name, labels } of rules) {
    const all = found.get(plain(name)) ?? [];
    for (const label of labels) {
      for (const [by, text] of Object.entries(label.regex)) {
        // Go's templates mean the same by $1, save that it is the longest name: ${1} there, $1 here.
        all.push({ label: label.name, regex: compile(name, label.name, text), by: by.replace(/\$\{(\w+)\}/g, '$$$1') });
      }
    }
    found.set(plain(name), all);
  }
  return found;
}

function compile(metric: string, label: string, text: string): RegExp {
  try {
    return new RegExp(text, 'gu');
  } catch (thrown) {
    throw fault('invalid-config', `metrics.rules: ${metric}, label ${label}: ${(thrown as Error).message}`, {
      cause: thrown,
    });
  }
}
