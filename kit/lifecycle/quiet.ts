/** A share of time, 0 to 1, above which a process has been at work, and below which it is quiet. */
const busyAbove = 0.03;
const quietBelow = 0.01;
/** This part of the busiest is calm: what that needed is needed no more, though some work goes on. */
const calmPart = 0.25;

/**
 * Makes a check to call now and then with the share of time the process was busy since the last call: it answers once
 * after each spell of work, when quiet, or calm at least, has come.
 */
export function quietAfterWork(): (busyShare: number) => 'quiet' | 'calm' | undefined {
  let busiest = 1;
  return (busyShare) => {
    if (busyShare > busyAbove) busiest = Math.max(busiest, busyShare);
    if (busiest === 0) return undefined;
    if (busyShare <= quietBelow) {
      busiest = 0;
      return 'quiet';
    }
    if (busyShare > busiest * calmPart) return undefined;
    busiest = busyShare;
    return 'calm';
  };
}
