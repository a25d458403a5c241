/** A condition as Kubernetes objects report it. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** An object with conditions in its status. */
export interface Conditioned {
  metadata: { name: string; generation: number };
  status?: { conditions?: Condition[] };
}

/** The condition of a type, of a status if one is named; undefined while there is none. */
export const condition = ({ status }: Conditioned, type: string, wanted?: string): Condition | undefined =>
  status?.conditions?.find((one) => one.type === type && (wanted === undefined || one.status === wanted));
