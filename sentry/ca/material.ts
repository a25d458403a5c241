import { fault } from '#kit/errors/fault.ts';

/** The credentials as stored, by item; undefined where there is none. Keys are secret. */
export type Material = {
  anchors: string | undefined;
  chain: string | undefined;
  key: string | undefined;
  jwtKey: string | undefined;
  jwks: string | undefined;
};

/** Where credentials are kept: files, or a Secret and a ConfigMap. */
export type CredentialStore = {
  /** What its items are called, for messages. */
  names: Readonly<Record<keyof Material, string>>;
  load(): Promise<Material>;
  /**
   * Adds the items that the store lacks. Throws `conflict` when somebody else changed it since `load`: load again and
   * use what is there. An item which is there is never replaced.
   */
  add(missing: Partial<Material>): Promise<void>;
  /** Makes the public copy of anchors and key set agree with the stored ones, where the store has such a copy. */
  publish(): Promise<void>;
};

/**
 * Whether the X.509 items are all there or all missing. Throws `invalid-config` when some are missing: making new ones
 * would cut off everybody who trusts the ones that are left.
 */
export function isBootstrapped(material: Material, names: CredentialStore['names']): boolean {
  const items = ['anchors', 'chain', 'key'] as const;
  const missing = items.filter((item) => material[item] === undefined);
  if (missing.length === 0) return true;
  if (missing.length === items.length) return false;
  const left = items.filter((item) => material[item] !== undefined);
  throw fault(
    'invalid-config',
    `${missing.map((item) => names[item]).join(' and ')} missing while ${left.map((item) => names[item]).join(' and ')} ` +
      'is there: restore what is missing, or remove all three to start with a new authority',
  );
}
