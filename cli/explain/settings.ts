/** What a sidecar has been given: files or manifests, as `daprd --explain` takes them. */
export type Settings = {
  /** What it is, in words. */
  from: string;
  question: object;
  appProtocol: string;
  /** Of the app itself. */
  namespace: string;
};
