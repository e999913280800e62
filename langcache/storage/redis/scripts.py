"""The steps that must not be torn apart, as Lua; each touches the keys of one entry only.

A lease is a hash: ``token`` is the newest fencing token; ``ends`` is when it ends, in seconds since the epoch,
missing once released; ``nonce`` marks who acquired it, so that asking again after a lost reply is safe;
``waiting`` is there if somebody waits. Times come from the caller, since a store reads no clock. The server's own
clock only makes tokens that grow even where the lease before was long forgotten.
"""

from dataclasses import dataclass, field
from hashlib import sha1
from typing import Final


@dataclass(frozen=True)
class Script:
    """A Lua program.

    Args:
        source: its text.
    """

    source: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        # The name Redis gives to a script (EVALSHA); no matter of security.
        object.__setattr__(self, "sha", sha1(self.source.encode(), usedforsecurity=False).hexdigest())


_WAKE: Final = """
local function wake(lease, stream)
  if redis.call('HDEL', lease, 'waiting') == 1 then
    redis.call('XADD', stream, 'MAXLEN', 1, '*', 'w', '')
    redis.call('PEXPIRE', stream, 60000)
  end
end
"""

ACQUIRE: Final = Script("""
-- KEYS: lease, entry; ARGV: now, ends, how long to remember in ms, nonce. The token, and whether an entry is there.
local was = redis.call('HMGET', KEYS[1], 'token', 'ends', 'nonce')
local found = redis.call('EXISTS', KEYS[2])
if was[2] and tonumber(ARGV[1]) < tonumber(was[2]) then
  return was[3] == ARGV[4] and {was[1], found}
end
local clock = redis.call('TIME')
local token = math.max((tonumber(was[1]) or 0) + 1, clock[1] * 1000000 + clock[2])
local text = string.format('%.0f', token)
redis.call('HSET', KEYS[1], 'token', text, 'ends', ARGV[2], 'nonce', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {text, found}
""")

RENEW: Final = Script("""
-- KEYS: lease; ARGV: token, now, ends, how long to remember in ms
local is = redis.call('HMGET', KEYS[1], 'token', 'ends')
if is[1] ~= ARGV[1] or not is[2] or tonumber(ARGV[2]) >= tonumber(is[2]) then return 0 end
redis.call('HSET', KEYS[1], 'ends', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
""")

RELEASE: Final = Script(
    _WAKE
    + """
-- KEYS: lease, stream; ARGV: token
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'ends', 'nonce')
  wake(KEYS[1], KEYS[2])
end
return 0
"""
)

WITHDRAW: Final = Script(
    _WAKE
    + """
-- KEYS: lease, stream; ARGV: nonce. For who asked to acquire and was not answered in time: nobody else knows of it.
if redis.call('HGET', KEYS[1], 'nonce') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'ends', 'nonce')
  wake(KEYS[1], KEYS[2])
end
return 0
"""
)

PUT: Final = Script(
    _WAKE
    + """
-- KEYS: lease, stream, entry; ARGV: token, value, then PX and ms if the value is not for ever
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[3], ARGV[2], unpack(ARGV, 3))
redis.call('HDEL', KEYS[1], 'ends', 'nonce')
wake(KEYS[1], KEYS[2])
return 1
"""
)

REVOKE: Final = Script(
    _WAKE
    + """
-- KEYS: lease, stream. The next token is greater than all before, also if the server's clock was set back.
if redis.call('HINCRBY', KEYS[1], 'token', 1) == 1 then redis.call('PEXPIRE', KEYS[1], 1) end
redis.call('HDEL', KEYS[1], 'ends', 'nonce')
wake(KEYS[1], KEYS[2])
return 0
"""
)

WAIT: Final = Script("""
-- KEYS: lease, stream; ARGV: now. Nil if nobody holds the lease, else what to wait behind and when it ends.
local ends = redis.call('HGET', KEYS[1], 'ends')
if not ends or tonumber(ARGV[1]) >= tonumber(ends) then return false end
redis.call('HSET', KEYS[1], 'waiting', '')
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
return {last[1] and last[1][1] or '0-0', ends}
""")

ADD: Final = Script("""
-- KEYS: sheet, batch; ARGV: life of the sheet in ms, of the batch in ms, when the sheet is gone, number of numbers,
-- then field and value of each number, then of each text. A batch that is here again, after a lost reply, was added.
if not redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], '', ARGV[3])
local texts = 5 + 2 * ARGV[4]
for at = 5, texts - 2, 2 do redis.call('HINCRBY', KEYS[1], ARGV[at], ARGV[at + 1]) end
for at = texts, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
""")

UNLINK_IF: Final = Script("""
-- KEYS: entry; ARGV: how it begins. One that was put anew meanwhile stays.
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
""")
