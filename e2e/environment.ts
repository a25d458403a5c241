/** What sidecars, their apps, the control plane and clients of Kubernetes read, wherever they run. */
const ours = /^(DAPR|APP|POD|OTEL|KUBERNETES)_|^NAMESPACE$/;

/** This machine and the networks of its test clusters (`cluster/plan.ts`): where the caller has a proxy, not by way of it. */
const near = '127.0.0.1,localhost,10.213.0.0/16,10.214.0.0/16,10.215.0.0/16';

/** The environment of this process with `more`, but without what would make a program behave as its caller's own does. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  const direct = [kept['NO_PROXY'] ?? kept['no_proxy'] ?? '', near].filter(Boolean).join(',');
  return { ...kept, NO_PROXY: direct, no_proxy: direct, ...more };
}
