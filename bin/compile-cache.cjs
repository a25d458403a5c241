/**
 * Given to Node with --require, before a program's first module is read: keeps compiled code, in the `compiled` folder
 * beside this file where a bundle has one (images), else in the user's own cache: $XDG_CACHE_HOME/outrigger or
 * ~/.cache/outrigger. Where that cannot be read or written, Node compiles anew and says nothing.
 */
'use strict';
const { existsSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { userInfo } = require('node:os');
const path = require('node:path');

function compiledFolder() {
  const baked = path.join(__dirname, 'compiled');
  if (existsSync(baked)) return baked;
  const { XDG_CACHE_HOME: caches = '' } = process.env;
  // Not HOME: a service may lack it, and sudo may leave another user's.
  return path.join(path.isAbsolute(caches) ? caches : path.join(userInfo().homedir, '.cache'), 'outrigger/compiled');
}

try {
  enableCompileCache({ directory: compiledFolder(), portable: true });
} catch {
  // A user that the system's list of users does not name has no home.
}
