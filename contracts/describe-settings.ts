import type { z } from 'zod';
import { settingMeta } from './settings.ts';

/** A setting as people read of it: in a component's documentation page and in `outrigger components describe`. */
export type SettingFacts = {
  name: string;
  /** Other names that mean the same. */
  aliases: readonly string[];
  /** How its text is written. */
  form: string;
  required: boolean;
  /** What stands where it is not given, as a manifest would write it; '' for nothing. */
  default: string;
  /** To be kept in a secret. */
  secret: boolean;
  description: string;
};

/** Every setting of a component, in the order of its schema. */
export function describeSettings(schema: z.ZodObject): SettingFacts[] {
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => {
    const meta = settingMeta(field);
    const absent = field.safeParse(undefined);
    const fallback = absent.success ? absent.data : undefined;
    return {
      name,
      aliases: meta?.aliases ?? [],
      form: meta?.form ?? '',
      required: !absent.success,
      default: fallback === undefined ? '' : (meta?.write ?? String)(fallback),
      secret: meta?.secret === true,
      description: meta?.description ?? '',
    };
  });
}
