/** Makes the header `date`, put into words once a second. */
export function httpDate(now: () => number = Date.now): () => string {
  let second = 0;
  let text = '';
  return () => {
    const at = Math.floor(now() / 1_000);
    if (at !== second) {
      second = at;
      text = new Date(at * 1_000).toUTCString();
    }
    return text;
  };
}
