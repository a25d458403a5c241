/** A share of time, 0 to 1, above which a process has been at work, and below which it is quiet. */
const busyAbove = 0.03;
const quietBelow = 0.01;

/**
 * Makes a check to call now and then with the share of time the process was busy since the last call: it answers true
 * once after each spell of work, when quiet has come.
 */
export function quietAfterWork(): (busyShare: number) => boolean {
  let worked = true;
  return (busyShare) => {
    if (busyShare > busyAbove) worked = true;
    if (!worked || busyShare > quietBelow) return false;
    worked = false;
    return true;
  };
}
