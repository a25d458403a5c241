import { isTruthy } from '#kit/values/truthy.ts';

/** One annotation a pod may carry: how its text is read, and what the docs say of it. */
export type Annotation<T> = {
  type: 'text' | 'number' | 'switch' | 'list';
  description: string;
  /** What holds where the annotation is absent. */
  default: T;
  /** The value of a text, or nothing when the text cannot be read; it is then ignored, as in Dapr. */
  parse(text: string): T | undefined;
};

type Text = { trim?: 'quotes' };

const unquoted = (text: string): string => text.replace(/^["']+|["']+$/g, '').trim();

const make = <T>(
  type: Annotation<T>['type'],
  description: string,
  value: T,
  parse: (text: string) => T | undefined,
): Annotation<T> => ({ type, description, default: value, parse });

/** Any text; `trim: 'quotes'` takes off quotes and spaces around it. */
export const text = (description: string, value = '', options: Text = {}): Annotation<string> =>
  make('text', description, value, options.trim === 'quotes' ? unquoted : (given) => given);

/** A text that differs from an empty one when it is absent. */
export const optionalText = (description: string, options: Text = {}): Annotation<string | undefined> =>
  make('text', description, undefined, options.trim === 'quotes' ? unquoted : (given) => given);

const whole = (given: string): number | undefined => (/^[+-]?\d+$/.test(given) ? Number(given) : undefined);

/** A whole number. */
export const number = (description: string, value: number): Annotation<number> =>
  make('number', description, value, whole);

/** A whole number that is not passed on when it is absent. */
export const optionalNumber = (description: string): Annotation<number | undefined> =>
  make<number | undefined>('number', description, undefined, whole);

/** On for `y yes true t on 1` in any case; off for everything else. */
export const onOff = (description: string, value = false): Annotation<boolean> =>
  make('switch', description, value, isTruthy);

/** A switch that leaves the choice to others when it is absent. */
export const optionalOnOff = (description: string): Annotation<boolean | undefined> =>
  make<boolean | undefined>('switch', description, undefined, isTruthy);

/** Texts between commas. */
export const list = (description: string): Annotation<readonly string[]> =>
  make<readonly string[]>('list', description, [], (given) => given.split(',').filter(Boolean));
