-- One POST, repeated. BENCH_BODY is the file with its body, BENCH_HEADERS its headers, one `name: value` a line.
-- The numbers go to stdout as one line of JSON after the word RESULT.

wrk.method = "POST"

local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.body = file:read("*a")
file:close()

for name, value in os.getenv("BENCH_HEADERS"):gmatch("([^:\n]+): ([^\n]*)") do
  wrk.headers[name] = value
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"cpuSeconds":%.2f,' ..
    '"errors":{"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), os.clock(),
    e.connect, e.read, e.write, e.timeout, e.status))
end
