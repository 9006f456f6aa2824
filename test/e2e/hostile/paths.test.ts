import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connectRaw, startHeddle, type RawConnection, type RunningHeddle } from "@heddle/testkit";
import { generatePaths, readLeniently } from "./setup/generated-paths.ts";
import { backend, gateway, route } from "./setup/resources.ts";
import { fieldOf, openUpstream, type Upstream } from "./setup/upstream.ts";

const SEED = 20_260_101;
const COUNT = 5_000;
const LANES = 8;

const redirectAdmin = {
  name: "admin",
  matches: ['{ path: { type: PathPrefix, value: "/admin" } }'],
  filters: ["{ type: RequestRedirect, requestRedirect: { hostname: denied.example, statusCode: 302 } }"],
};

const tagged = (name: string, value: string) => ({
  name,
  backend: "up",
  matches: [`{ path: { type: PathPrefix, value: "${value}" } }`],
  filters: [
    `{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-route, value: ${name} }] } }`,
  ],
});

describe("paths: policy, router and upstream see the same one (threats 13)", () => {
  let upstream: Upstream;
  let heddle: RunningHeddle;
  before(async () => {
    upstream = await openUpstream((request) => {
      const { length } = request.target;
      return `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${request.target}`;
    });
    heddle = await startHeddle({
      files: ({ http }) => ({
        "site.yaml":
          gateway({ port: http }) +
          backend("up", upstream.port) +
          route(redirectAdmin) +
          route(tagged("public", "/public")) +
          route(tagged("rest", "/")),
      }),
      args: ["--workers", "1"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await upstream?.close();
  });

  test(`${COUNT} generated paths (seed ${SEED}): the upstream gets the normal form that was matched, or nothing`, async () => {
    const paths = generatePaths(COUNT, SEED);
    const answers = new Map<number, number>();
    const lanes = Array.from({ length: LANES }, (_, lane) => {
      const own = paths.filter((_path, at) => at % LANES === lane);
      return askInTurn(heddle.ports.http, own, answers);
    });
    await Promise.all(lanes);
    assert.deepEqual([...answers.keys()].sort(), [200, 302, 400], heddle.stderr());
    for (const status of answers.keys()) assert.ok((answers.get(status) ?? 0) > 100, `${status} is tested`);
    for (const request of upstream.requests) assertNormal(request.target, fieldOf(request, "x-route"));
  });

  for (const path of [
    "/public/../admin",
    "/public/%2e%2e/admin",
    "/%61dmin",
    "//admin",
    "/./admin",
    "/public/.%2E//admin/x",
  ]) {
    test(`${path} is /admin, and gets the redirect`, async () => {
      const requests = upstream.requests.length;
      await using client = await connectRaw(heddle.ports.http);
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 302 /);
      assert.equal(upstream.requests.length, requests);
    });
  }

  for (const path of [
    "/public/..%2fadmin",
    "/public/..%5cadmin",
    "/public\\..\\admin",
    "/public/..;/admin",
    "/public/..;x=y/admin",
    "/public/%00/../admin",
    "/../admin",
    "/public/../../admin",
    "/admin%00",
    "/%zz",
    "/a\xc3\xa9",
    "/a#/admin",
  ]) {
    test(`${JSON.stringify(path)} is refused`, async () => {
      const before = upstream.receivedText().length;
      await using client = await connectRaw(heddle.ports.http);
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.match(await client.receiveToEnd(), /^HTTP\/1\.1 400 /);
      assert.equal(upstream.receivedText().length, before);
    });
  }
});

/** The router's view is in `x-route`; it must be that of whoever reads the target behind it. */
function assertNormal(target: string, matched: string | undefined): void {
  const [path = ""] = target.split("?");
  assert.ok(!/\/\/|%2f|%5c|%00|\\/i.test(path), `${path} has a slash in disguise`);
  assert.ok(!/\/\.\.?(\/|;|$)/.test(path), `${path} has a dot segment`);
  for (const [escape] of path.matchAll(/%../g)) {
    assert.match(escape, /^%[0-9A-F]{2}$/, path);
    assert.ok(!/[A-Za-z0-9._~-]/.test(decodeOne(escape)), `${path} has an escape that means itself`);
  }
  const seen = readLeniently(path);
  assert.ok(seen !== "/admin" && !seen.startsWith("/admin/"), `${path} reads as ${seen}`);
  const isPublic = seen === "/public" || seen.startsWith("/public/");
  assert.equal(matched, isPublic ? "public" : "rest", path);
}

function decodeOne(escape: string): string {
  return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
}

/** One request at a time over a connection that is opened anew where a refusal closed it. */
async function askInTurn(
  port: number,
  paths: readonly string[],
  answers: Map<number, number>,
): Promise<void> {
  let client: RawConnection | null = null;
  for (const path of paths) {
    client ??= await connectRaw(port);
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const head = await client.receiveUntil("\r\n\r\n");
    const status = Number(head.slice(9, 12));
    answers.set(status, (answers.get(status) ?? 0) + 1);
    await client.receiveBytes(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0));
    if (!/^connection: close/im.test(head)) continue;
    await client.close();
    client = null;
  }
  await client?.close();
}
