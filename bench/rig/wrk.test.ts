import assert from "node:assert";
import { test } from "node:test";
import { parseWrkOutput, wrkScript } from "./wrk.ts";

const line =
  "heddle-bench requests=200000 micros=2000000 status=3 connect=1 read=2 write=4 timeout=8 p50=640 p99=1234";

test("the result line is found among wrk's own text", () => {
  const output = `Running 2s test @ http://localhost:1\n  Latency     1.02ms\n${line}\n`;
  assert.deepEqual(parseWrkOutput(output), {
    requests: 200000,
    seconds: 2,
    requestsPerSecond: 100000,
    badStatuses: 3,
    socketErrors: 15,
    p50Ms: 0.64,
    p99Ms: 1.234,
  });
});

test("an output without the line, or with a field missing, is no result", () => {
  assert.equal(parseWrkOutput("unable to connect to localhost:1 Connection refused\n"), undefined);
  assert.equal(parseWrkOutput(line.replace(" p99=1234", "")), undefined);
  assert.equal(parseWrkOutput(line.replace("timeout=8", "timeout=")), undefined);
  assert.equal(parseWrkOutput(line.replace("micros=2000000", "micros=0")), undefined);
});

test("only a case with a body sends one", () => {
  assert.doesNotMatch(wrkScript({ method: "GET", bodyBytes: 0 }), /wrk\.body/);
  assert.match(wrkScript({ method: "POST", bodyBytes: 10240 }), /wrk\.body = string\.rep\("x", 10240\)/);
});

test("only a case of one request per connection asks for the connection's end", () => {
  assert.doesNotMatch(wrkScript({ method: "GET", bodyBytes: 0 }), /Connection/);
  const script = wrkScript({ method: "GET", bodyBytes: 0, closes: true });
  assert.match(script, /wrk\.headers\["Connection"\] = "close"/);
});

test("requests whose header differs are made before the load, and taken in turn", () => {
  const header = { name: "X-API-Key", values: ["a", "b"] };
  const script = wrkScript({ method: "GET", bodyBytes: 0, header });
  assert.match(script, /ipairs\(\{ "a", "b" \}\)/);
  assert.match(script, /wrk\.headers\["X-API-Key"\] = value/);
  assert.match(script, /function request\(\)/);
});
