/** The cluster's DNS domain by the search list of a pod's resolv.conf: what follows `svc.`. */
export function clusterDomain(resolvConf: string): string {
  const search = resolvConf.split('\n').find((line) => line.startsWith('search')) ?? '';
  const service = search.split(/\s+/).find((word) => word.startsWith('svc.'));
  return service?.slice('svc.'.length) || 'cluster.local';
}
