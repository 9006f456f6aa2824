import assert from "node:assert";
import { test } from "node:test";
import { h2loadCommand, parseH2loadOutput } from "./h2load.ts";

const output = `starting benchmark...
Application protocol: h2c

finished in 2.50s, 15089.00 req/s, 1.68MB/s
requests: 37722 total, 37882 started, 37722 done, 37710 succeeded, 12 failed, 4 errored, 1 timeout
status codes: 37710 2xx, 1 3xx, 2 4xx, 4 5xx
traffic: 1.68MB (1765596) total, 780.97KB (799717) headers (space savings 49.52%), 176.82KB (181068) data
                     min         max         mean         sd        +/- sd
time for request:      106us     26.52ms      2.41ms      2.35ms    87.43%
`;

test("requests, time and every kind of failure are read from h2load's own text", () => {
  assert.deepEqual(parseH2loadOutput(output), {
    requests: 37722,
    seconds: 2.5,
    requestsPerSecond: 37722 / 2.5,
    badStatuses: 7,
    socketErrors: 5,
    p50Ms: undefined,
    p99Ms: undefined,
  });
});

test("a time of minutes or of milliseconds is one too", () => {
  const secondsOf = (text: string): number | undefined =>
    parseH2loadOutput(output.replace("2.50s", text))?.seconds;
  assert.equal(secondsOf("998.12ms"), 0.99812);
  assert.equal(secondsOf("1m 2s"), 62);
});

test("an output that lacks a line is no result", () => {
  for (const line of ["finished in", "requests:", "status codes:"]) {
    assert.equal(parseH2loadOutput(output.replace(line, "x")), undefined, line);
  }
  assert.equal(parseH2loadOutput("h2load: unrecognized option"), undefined);
});

test("connections, streams and time are h2load's flags, and localhost is asked by IPv4", (t) => {
  const load = {
    generator: "h2load",
    url: "http://localhost:8080/",
    method: "GET",
    bodyBytes: 0,
    isGrpc: false,
    connections: 16,
    streams: 10,
    seconds: 3,
    cores: "0",
    folder: "",
  } as const;
  let argv: readonly string[];
  try {
    ({ argv } = h2loadCommand(load));
  } catch (error) {
    return t.skip((error as Error).message); // h2load is not installed
  }
  assert.deepEqual(argv.slice(1), [
    "-t1",
    "-c16",
    "-m10",
    "-D3",
    "--connect-to=127.0.0.1:8080",
    "http://localhost:8080/",
  ]);
});
