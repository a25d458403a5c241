import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { SecretStore, SecretValues } from '#contracts/secret.ts';
import { text } from '#contracts/settings.ts';
import type { Logger } from '#kit/log/logger.ts';

export const component = defineComponent({
  type: 'secretstores.local.env',
  versions: ['v1'],
  title: 'Environment variables',
  description: "Gives the sidecar's own environment as secrets, except its tokens. For development.",
  settings: z.object({
    prefix: text('Put before each name when variables are looked up, and left out of the answer.').default(''),
  }),
  open: async ({ prefix }, { env, log }) => openEnv(env, prefix, log),
});

/** A variable that is not set, or not to be seen, is an empty secret, as in Dapr. */
export function openEnv(env: Readonly<Record<string, string | undefined>>, prefix: string, log: Logger): SecretStore {
  return {
    traits: [],
    async get({ name }) {
      const variable = `${prefix}${name}`;
      if (isForbidden(variable)) log.warn(`environment variable ${variable} may not be read as a secret`);
      return { [name]: isForbidden(variable) ? '' : (env[variable] ?? '') };
    },
    async bulkGet() {
      const all: Record<string, SecretValues> = {};
      for (const [variable, value] of Object.entries(env)) {
        if (value === undefined || !variable.startsWith(prefix) || isForbidden(variable)) continue;
        const name = variable.slice(prefix.length);
        if (name !== '') all[name] = { [name]: value };
      }
      return all;
    },
    async [Symbol.asyncDispose]() {},
  };
}

const isForbidden = (variable: string) => /^(APP_API_TOKEN$|DAPR_)/i.test(variable);
