/** A share of time, 0 to 1, above which a process has been at work, and below which it is quiet. */
const busyAbove = 0.03;
const quietBelow = 0.01;
/** This part of the busiest is calm: what that needed is needed no more, though some work goes on. */
const calmPart = 0.25;

/**
 * Makes a check to call now and then with the share of time the process was busy since the last call: it answers once
 * after each spell of work, when it has been quiet, or calm at least, for `checks` calls on end; after the start, for one.
 */
export function quietAfterWork(checks: number): (busyShare: number) => 'quiet' | 'calm' | undefined {
  let busiest = 1;
  let rested = checks - 1;
  return (busyShare) => {
    if (busyShare > busyAbove) busiest = Math.max(busiest, busyShare);
    if (busiest === 0) return undefined;
    const quiet = busyShare <= quietBelow;
    rested = quiet || busyShare <= busiest * calmPart ? rested + 1 : 0;
    if (rested < checks) return undefined;
    rested = 0;
    busiest = quiet ? 0 : busyShare;
    return quiet ? 'quiet' : 'calm';
  };
}
