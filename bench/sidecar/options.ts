export type BenchOptions = {
  rounds: number;
  /** Per workload, subject and round. */
  requests: number;
  /** Quiet time before memory is read again. */
  settleSeconds: number;
  /** Requests with random keys and paths. */
  soakRequests: number;
};
