import assert from "node:assert/strict";
import { test } from "node:test";
import { connectRaw, startHeddle } from "@heddle/testkit";
import { backend, gateway, route } from "./setup/resources.ts";
import { openUpstream } from "./setup/upstream.ts";

/** Patterns that take a backtracking engine time exponential in the length of the subject. */
const evil = ["(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*a){12}b", "([a-z]+)*[0-9]", "(x?a){40}a{40}b"];
/** Within the limits of target and head, far beyond what a backtracking engine gets through. */
const SUBJECT = "a".repeat(15_000);
/** Generous: each takes a few milliseconds, and a backtracking engine until the end of the world. */
const LIMIT_MS = 20_000;

const regexRoutes = evil
  .map((pattern, at) =>
    route({
      name: `evil-${at}`,
      backend: "up",
      matches: [
        `{ path: { type: RegularExpression, value: ${JSON.stringify(`/p${at}/${pattern}`)} } }`,
        `{ path: { value: /h${at} }, headers: [{ type: RegularExpression, name: x-a, value: ${JSON.stringify(pattern)} }] }`,
        `{ path: { value: /q${at} }, queryParams: [{ type: RegularExpression, name: a, value: ${JSON.stringify(pattern)} }] }`,
      ],
    }),
  )
  .join("");

test("evil subjects for evil patterns are matched in linear time, and others are served meanwhile (threats 22)", async () => {
  await using upstream = await openUpstream();
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml":
        gateway({ port: http }) +
        backend("up", upstream.port) +
        regexRoutes +
        route({ name: "good", backend: "up", matches: ['{ path: { type: Exact, value: "/good" } }'] }),
    }),
    args: ["--workers", "1"],
  });
  const ask = async (target: string, fields = "") => {
    const from = performance.now();
    await using client = await connectRaw(heddle.ports.http);
    client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    const head = await client.receiveUntil("\r\n\r\n", 20_000);
    return { status: Number(head.slice(9, 12)), tookMs: performance.now() - from };
  };
  assert.equal((await ask("/p0/aab")).status, 200, "the patterns are in force");
  for (const at of evil.keys()) {
    const asked = [
      ask(`/p${at}/${SUBJECT}!`),
      ask(`/h${at}`, `X-A: ${SUBJECT}!\r\n`),
      ask(`/q${at}?a=${SUBJECT}!`),
      ask("/good"),
    ];
    const answers = await Promise.all(asked);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 404, 200],
      evil[at],
    );
    for (const { tookMs } of answers) assert.ok(tookMs < LIMIT_MS, `${evil[at]}: ${Math.round(tookMs)} ms`);
  }
  assert.equal((await ask(`/p0/${"a".repeat(50_000)}`)).status, 414, "longer targets are refused");
});
