import { resolve } from 'node:path';

/** The checkout these files belong to. */
export const checkout = resolve(import.meta.dirname, '..');
