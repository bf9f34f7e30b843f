-- Requests at auth for wrk, one connection a thread, each thread with a file of tokens of its own. The token goes as a
-- bearer, as JSON or as a form; either the next line of the file each time, or, in a chain, the refresh token of the last
-- answer. What a chain has come to is told at the end, for the next window.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

-- method, path, form of the token ('bearer', 'json', 'form'), prefix of the files, 'chain' or 'each', credentials or '-'
function init(args)
  method, path, form, isChain = args[1], args[2], args[3], args[5] == "chain"
  basic = args[6] ~= "-" and args[6] or nil
  lines = {}
  for line in io.lines(args[4] .. number) do lines[#lines + 1] = line end
  at = 0
  last = lines[1]
  if not isChain then response = nil end
end

function request()
  local token = last
  if not isChain then
    at = at % #lines + 1
    token = lines[at]
  end
  if form == "bearer" then return wrk.format(method, path, { authorization = "Bearer " .. token }) end
  if form == "form" then
    local headers = { authorization = basic, ["content-type"] = "application/x-www-form-urlencoded" }
    return wrk.format(method, path, headers, "token=" .. token)
  end
  return wrk.format(method, path, { ["content-type"] = "application/json" }, '{"refresh_token":"' .. token .. '"}')
end

function response(status, headers, body)
  last = body:match('"refresh_token":"([^"]+)"') or last
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
  for _, thread in ipairs(threads) do io.write("LAST " .. thread:get("last") .. "\n") end
end
