/** A rule of `spec.secrets.scopes`. */
export type SecretScope = {
  storeName: string;
  defaultAccess?: string | undefined;
  allowedSecrets?: readonly string[] | undefined;
  deniedSecrets?: readonly string[] | undefined;
};

/** Whether the app may read a secret of a store. */
export type SecretAccess = (store: string, secret: string) => boolean;

/**
 * The access the Configuration grants. A list of allowed secrets is exclusive; else what is denied is denied; else the
 * default counts, which is `allow`. Stores without a rule are open. Source: Dapr `pkg/config`.
 */
export function secretAccess(scopes: readonly SecretScope[]): SecretAccess {
  const rules = new Map(scopes.map((scope) => [scope.storeName, scope]));
  return (store, secret) => {
    const rule = rules.get(store);
    if (rule === undefined) return true;
    const { allowedSecrets = [], deniedSecrets = [], defaultAccess = '' } = rule;
    if (allowedSecrets.length > 0) return allowedSecrets.includes(secret);
    return !deniedSecrets.includes(secret) && defaultAccess.toLowerCase() !== 'deny';
  };
}
