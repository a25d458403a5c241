/**
 * The DNS domain of the cluster by the text of `/etc/resolv.conf`: what follows `svc.` in its search list, such as
 * `cluster.local`. Undefined when the file is not a pod's.
 */
export function clusterDomain(resolvConf: string): string | undefined {
  const search = resolvConf
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .findLast(([word]) => word === 'search');
  const service = search?.find((domain) => domain.startsWith('svc.'));
  return service?.slice('svc.'.length).replace(/\.$/, '') || undefined;
}
