import { fault } from '#kit/errors/fault.ts';
import { isTruthy } from '#kit/values/truthy.ts';

const override = 'DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK';

/** Throws `invalid-config` when a service would run as root in Kubernetes, unless the environment allows it. */
export function checkUser(user: {
  kubernetes: boolean;
  /** Effective user ID. */
  uid: number;
  env: Readonly<Record<string, string | undefined>>;
}): void {
  if (!user.kubernetes || user.uid !== 0 || isTruthy(user.env[override])) return;
  throw fault(
    'invalid-config',
    `refusing to run as root (user 0) in Kubernetes: set runAsNonRoot in the pod, or ${override}=true`,
  );
}
