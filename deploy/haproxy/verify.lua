-- The action `lua.verify`: asks the gateway's /verify about a request before HAProxy sends it on (HAProxy 2.6 or newer).
-- A yes sets the identity the gateway has told; anything else is answered to the client as the gateway said it.

local address = "http://127.0.0.1:8001/verify"
local identity = { "x-user-id", "x-user-roles", "x-session-id" }
-- What no client may say: these, and the token by which the gateway itself tells services who calls.
local claims = { xuserid = true, xuserroles = true, xsessionid = true, xpiidentity = true }

local function is_claim(name)
  -- To services that read headers as CGI and PHP do, x_user_id and x.user.id are the same name as x-user-id.
  local letters = name:lower():gsub("[^a-z0-9]", "")
  return claims[letters] == true
end

core.register_action("verify", { "http-req" }, function(txn)
  local sent = txn.http:req_get_headers()
  local tokens = {}
  for name, values in pairs(sent) do
    if is_claim(name) then txn.http:req_del_header(name) end
    if name == "authorization" then
      for i = 0, #values do tokens[#tokens + 1] = values[i] end
    end
  end
  local ask = {
    ["x-original-uri"] = { txn.f:pathq() },
    ["x-original-method"] = { txn.f:method() },
    ["x-forwarded-for"] = { txn.f:src() },
    ["host"] = { txn.f:req_hdr("host") },
  }
  if #tokens > 0 then ask["authorization"] = tokens end

  local answer = core.httpclient():get({ url = address, headers = ask, timeout = 5000 })
  if answer ~= nil and answer.status == 200 then
    for _, name in ipairs(identity) do
      local values = answer.headers[name]
      if values ~= nil then txn.http:req_set_header(name, values[0]) end
    end
    txn.http:req_del_header("authorization")
    return
  end

  local reply = txn:reply({ status = 503 })
  if answer ~= nil and answer.status ~= nil and answer.status >= 400 then
    reply = txn:reply({ status = answer.status, body = answer.body })
    for _, name in ipairs({ "content-type", "www-authenticate", "cache-control", "x-request-id" }) do
      local values = answer.headers[name]
      if values ~= nil then reply:add_header(name, values[0]) end
    end
  end
  txn:done(reply)
end, 0)
