import { redisScript } from '../clients/redis.ts';

/**
 * Writes and deletions of any number of keys, all or none. A value is a hash of `data` and `version`, its etag; a field
 * `first-write` marks keys that were written under first-write concurrency, which then need an etag. This is the layout
 * of Dapr's Redis store.
 *
 * KEYS are the keys of the operations; ARGV holds five words per operation:
 * `set` or `delete`, expected version (`0` checks nothing), value, `1` under first-write, seconds to live
 * (empty leaves the expiry, not positive clears it).
 * Answers `''`, or the first key whose version is not the expected one.
 */
export const writeAll = redisScript(`
local function versionOf(key)
  local version = redis.pcall('HGET', key, 'version')
  if type(version) == 'table' then return false end
  return version
end

local function allowed(kind, key, expected)
  local version = versionOf(key)
  if expected ~= '0' then return version == expected end
  if kind == 'delete' or not version then return true end
  return redis.call('HEXISTS', key, 'first-write') == 0
end

for i, key in ipairs(KEYS) do
  local at = (i - 1) * 5
  if not allowed(ARGV[at + 1], key, ARGV[at + 2]) then return key end
end

for i, key in ipairs(KEYS) do
  local at = (i - 1) * 5
  if ARGV[at + 1] == 'delete' then
    redis.call('DEL', key)
  else
    if redis.call('TYPE', key).ok ~= 'hash' then redis.call('DEL', key) end
    redis.call('HSET', key, 'data', ARGV[at + 3])
    if ARGV[at + 4] == '1' then redis.call('HSET', key, 'first-write', 0) end
    redis.call('HINCRBY', key, 'version', 1)
    local seconds = tonumber(ARGV[at + 5])
    if seconds and seconds > 0 then redis.call('EXPIRE', key, seconds) end
    if seconds and seconds <= 0 then redis.call('PERSIST', key) end
  end
end
return ''
`);
