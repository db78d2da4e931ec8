-- Asks for the page under an address that nobody has asked for before.
local asked, thread = 0, 0
function setup(t)
  thread = thread + 1
  t:set("thread", thread)
end
function init()
  start = os.time()
end
function request()
  asked = asked + 1
  return wrk.format("GET", wrk.path .. "?" .. start .. "." .. thread .. "." .. asked)
end
