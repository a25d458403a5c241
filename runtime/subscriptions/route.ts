import { fault } from '#kit/errors/fault.ts';

export type Event = Readonly<Record<string, unknown>>;

/** Where in the app messages go, and which. */
export type Rule = {
  /** CEL over `event`; empty matches all. */
  match: string;
  path: string;
  /** Throws where the expression cannot be evaluated for an event, or is no yes or no. */
  matches(event: Event): boolean;
};

const always = () => true;

/** Compiles a rule. Throws `invalid-config` for an expression that does not parse. */
async function compileRule(match: string, path: string): Promise<Rule> {
  const text = match.trim();
  if (text === '') return { match: '', path, matches: always };
  const { parse, celEnv, plan } = await import('@bufbuild/cel');
  const evaluate = compile(text, (expression) => plan(celEnv(), parse(expression)));
  return {
    match: text,
    path,
    matches(event) {
      const result: unknown = evaluate({ event: event as never });
      if (result instanceof Error) throw result;
      if (typeof result === 'boolean') return result;
      const why = typeof result === 'object' && result !== null && 'message' in result ? `: ${result.message}` : '';
      throw new Error(`the result of match expression ${text} was not a boolean${why}`);
    },
  };
}

function compile<T>(text: string, make: (text: string) => T): T {
  try {
    return make(text);
  } catch (cause) {
    throw fault('invalid-config', `"${text}" is not a CEL expression: ${(cause as Error).message}`, { cause });
  }
}

/** The rules of a manifest or an app: those given, then the default path. */
export async function compileRules(
  rules: readonly { match: string; path: string }[],
  defaultPath: string,
): Promise<Rule[]> {
  const all = defaultPath === '' ? rules : [...rules, { match: '', path: defaultPath }];
  return await Promise.all(all.map(({ match, path }) => compileRule(match, path)));
}

/** The path of the first rule that matches; undefined where none does. Throws what a rule throws. */
export const pathFor = (rules: readonly Rule[], event: Event): string | undefined =>
  rules.find((rule) => rule.matches(event))?.path;
