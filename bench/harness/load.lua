-- The requests of one window for wrk: method, path, body and the bearer tokens of a file, drawn by a seed, so that
-- every subject gets the same ones in the same order. With a pause given, each connection waits that long on
-- average (evenly spread from none to twice as long) before its next request: a load below saturation.

local requests = {}
local pause = 0
local inOrder = false
local at = 0

-- method, path, bytes of the body, file of tokens ('-': none), order ('drawn' or 'once'), mean pause in ms
function init(args)
  local method, path, bytes = args[1], args[2], tonumber(args[3])
  local body = bytes > 0 and string.rep("x", bytes) or nil
  inOrder = args[5] == "once"
  pause = tonumber(args[6])
  math.randomseed(20260101)
  if args[4] == "-" then
    requests[1] = wrk.format(method, path, {}, body)
  else
    for token in io.lines(args[4]) do
      requests[#requests + 1] = wrk.format(method, path, { authorization = "Bearer " .. token }, body)
    end
  end
  if pause == 0 then delay = nil end
end

function request()
  if not inOrder then return requests[math.random(#requests)] end
  at = at % #requests + 1
  return requests[at]
end

-- wrk takes whole milliseconds: the fraction is made up by chance.
function delay()
  local ms = math.random() * 2 * pause
  local whole = math.floor(ms)
  return whole + (math.random() < ms - whole and 1 or 0)
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
