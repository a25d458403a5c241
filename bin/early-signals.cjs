/**
 * Given to Node with --require, before a server's first module is read: a SIGINT or SIGTERM that comes before the
 * program listens for it ends the process as an orderly stop does, for there is nothing to drain yet.
 */
'use strict';
for (const name of ['SIGINT', 'SIGTERM']) {
  process.on(name, () => {
    if (process.listenerCount(name) === 1) process.exit(0);
  });
}
