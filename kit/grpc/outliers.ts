export type OutlierOptions = {
  /** Failures in a row that leave an address out. */
  failures: number;
  /** For how long at first, in milliseconds; longer each time in a row, up to thirty times that. */
  pauseMs: number;
  now(): number;
};

/** Which of the addresses of one service are left out for a while, because calls to them fail. */
export type Outliers = {
  /** Those worth calling: all of them where none would be left. */
  among(addresses: readonly string[]): readonly string[];
  failed(address: string): void;
  succeeded(address: string): void;
};

type Record = { failures: number; ejections: number; until: number };

const mostEjections = 30;

/**
 * Outlier ejection by failures in a row, as gRPC (A50) and Envoy have it. When its time is over an address is tried
 * again; one more failure leaves it out anew.
 */
export function detectOutliers({ failures, pauseMs, now }: OutlierOptions): Outliers {
  const records = new Map<string, Record>();
  return {
    among(addresses) {
      if (records.size === 0) return addresses;
      const time = now();
      const good = addresses.filter((address) => (records.get(address)?.until ?? 0) <= time);
      return good.length === 0 ? addresses : good;
    },
    failed(address) {
      const record = records.get(address) ?? { failures: 0, ejections: 0, until: 0 };
      records.set(address, record);
      record.failures += 1;
      if (record.failures < failures || record.until > now()) return;
      record.ejections = Math.min(record.ejections + 1, mostEjections);
      record.until = now() + pauseMs * record.ejections;
    },
    succeeded(address) {
      if (records.size > 0) records.delete(address);
    },
  };
}
