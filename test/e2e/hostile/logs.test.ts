import assert from "node:assert/strict";
import { test } from "node:test";
import { becomesTrue, connectRaw, startHeddle } from "@heddle/testkit";
import { plainSite } from "./setup/resources.ts";
import { openUpstream } from "./setup/upstream.ts";

const CANARY = "canary-8d1f07";

test("log injection: whatever a client sends is one line of JSON, without a secret (threats 39)", async () => {
  await using upstream = await openUpstream((request) =>
    // A broken response too: its fault is told in the process's log.
    request.target.startsWith("/broken")
      ? `HTTP/1.1 200 OK\r\nSet-Cookie: ${CANARY}\nX: y\r\n\r\n`
      : `HTTP/1.1 200 OK\r\nSet-Cookie: a=${CANARY}\r\nContent-Length: 2\r\n\r\nok`,
  );
  await using heddle = await startHeddle({
    files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
    args: ["--workers", "1", "--access-log", "-"],
  });
  const agents = [
    'x" } { "forged": true, "y": "',
    "\\u000a\\n\\",
    "\x1b[31mred\x1b[0m",
    "tab\there",
    "high \xe9\xff\x85 octets",
    "a".repeat(5_000),
    "$(id) `id` %s %n ${jndi:ldap://x}",
  ];
  const paths = [
    "/%0d%0a%7B%22forged%22:true%7D",
    "/%0a/x",
    '/"quote"/{"forged":true}',
    "/%1b%5B31m",
    "/%22",
    "/broken",
    `/${"p".repeat(3_000)}`,
  ];
  const secrets =
    `Authorization: Bearer ${CANARY}\r\nCookie: session=${CANARY}\r\nX-Api-Key: ${CANARY}\r\n` +
    `Proxy-Authorization: Basic ${CANARY}\r\nReferer: http://user:${CANARY}@b.test/p?token=${CANARY}\r\n`;
  let sent = 0;
  for (const path of paths) {
    for (const agent of agents) {
      await using client = await connectRaw(heddle.ports.http);
      const target = `${path}?api_key=${CANARY}`;
      client.send(
        `GET ${target} HTTP/1.1\r\nHost: a\r\n${secrets}User-Agent: ${agent}\r\nConnection: close\r\n\r\n`,
      );
      // A control byte is refused before there is an exchange to log.
      const isLogged = !(await client.receiveToEnd()).startsWith("HTTP/1.1 400 ");
      if (isLogged) sent += 1;
    }
  }
  assert.ok(sent > 30, `${sent} requests were exchanges`);
  const lines = () => heddle.stdout().split("\n").filter(Boolean);
  assert.ok(await becomesTrue(() => lines().length >= sent, 20_000), `${lines().length} of ${sent}`);
  assert.equal(lines().length, sent, "one line a request");
  for (const line of lines()) {
    // oxlint-disable-next-line no-control-regex -- control bytes are what must not be there
    assert.match(line, /^[\x20-\x7e]+$/);
    assert.ok(line.length < 4_096, `${line.length} bytes`);
    const record = JSON.parse(line) as Record<string, unknown>;
    assert.equal("forged" in record, false, line);
    assert.equal(record["authority"], "a");
  }
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  const page = await (await fetch(heddle.api)).text();
  for (const [what, text] of Object.entries({
    log: heddle.stdout(),
    errors: heddle.stderr(),
    metrics,
    page,
  })) {
    assert.ok(!text.includes(CANARY), `the canary is in ${what}: ${text.slice(0, 2_000)}`);
  }
});
