import assert from "node:assert/strict";
import { test } from "node:test";
import { becomesTrue, startHeddle } from "@heddle/testkit";
import { backend, gateway, route } from "./hostile/setup/resources.ts";
import { OK, openUpstream, type Upstream } from "./hostile/setup/upstream.ts";

const WAIT_MS = 20_000;

const mirrorTo = (name: string) =>
  `{ type: RequestMirror, requestMirror: { backendRef: { group: heddle.dev, kind: Backend, name: ${name}, port: 80 } } }`;

const policy = (kind: string, name: string, target: string, spec: string): string => `---
apiVersion: heddle.dev/v1alpha1
kind: ${kind}
metadata: { name: ${name} }
spec: { targetRefs: [{ kind: Backend, name: ${target} }], ${spec} }
`;

const onlyTeam = (team: string) =>
  `authorization: { rules: [{ action: Allow, headers: [{ name: x-team, values: [${team}] }] }] }`;

/** Requests that a guard of header and body tells apart. */
const table: readonly { readonly named: string; readonly init: RequestInit; readonly passes: boolean }[] = [
  { named: "the header", init: { headers: { "x-team": "shop" } }, passes: true },
  { named: "no header", init: {}, passes: false },
  { named: "another header", init: { headers: { "x-team": "bank" } }, passes: false },
  {
    named: "the header twice",
    init: {
      headers: [
        ["x-team", "shop"],
        ["x-team", "bank"],
      ],
    },
    passes: false,
  },
  { named: "a good body", init: withBody("[1]", { "x-team": "shop" }), passes: true },
  { named: "a body without the header", init: withBody("[1]", {}), passes: false },
  { named: "a body too deep", init: withBody("[[[[[1]]]]]", { "x-team": "shop" }), passes: false },
  { named: "no JSON", init: withBody("[1", { "x-team": "shop" }), passes: false },
];

function withBody(body: string, headers: Record<string, string>): RequestInit {
  return { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
}

/** Those that came whole. */
const paths = ({ requests }: Upstream): string[] => requests.map(({ target }) => target);

test("a Backend's policies give a copy the verdict that they give a request that is routed there", async () => {
  await using app = await openUpstream();
  await using shadow = await openUpstream();
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml":
        gateway({ port: http }) +
        backend("app", app.port) +
        backend("shadow", shadow.port) +
        route({ name: "direct", backend: "shadow", matches: ["{ path: { value: /direct } }"] }) +
        route({
          name: "copied",
          backend: "app",
          matches: ["{ path: { value: /copied } }"],
          filters: [mirrorTo("shadow")],
        }) +
        policy("AccessPolicy", "team", "shadow", onlyTeam("shop")) +
        policy("ContentPolicy", "small", "shadow", "json: { maxDepth: 3 }"),
    }),
    args: ["--workers", "1"],
  });
  let refused = 0;
  const metrics = async (event: string): Promise<number> => {
    const text = await (await fetch(`${heddle.api}/metrics`)).text();
    const found = new RegExp(`heddle_filter_events_total\\{filter="mirror",event="${event}"\\} (\\d+)`).exec(
      text,
    );
    return Number(found?.[1] ?? 0);
  };
  for (const [index, { named, init, passes }] of table.entries()) {
    const direct = await fetch(`${heddle.urls.http}/direct/${index}`, init);
    await direct.text();
    assert.equal(direct.status === 200, passes, `${named}: ${direct.status}`);
    const copied = await fetch(`${heddle.urls.http}/copied/${index}`, init);
    assert.equal(copied.status, 200, `${named}: the request itself is not concerned`);
    await copied.text();
    if (passes) {
      assert.ok(await becomesTrue(() => paths(shadow).includes(`/copied/${index}`), WAIT_MS), named);
    } else {
      refused++;
      assert.ok(await becomesTrue(async () => (await metrics("refused")) === refused, WAIT_MS), named);
    }
  }
  const wanted = table.flatMap(({ passes }, index) =>
    passes ? [`/direct/${index}`, `/copied/${index}`] : [],
  );
  assert.deepEqual(paths(shadow), wanted);
  assert.equal(app.requests.length, table.length);
  assert.equal(shadow.requests.find(({ target }) => target === "/copied/4")!.body, "[1]");
});

test("a limit of a Backend counts copies, and one above it is not sent", async () => {
  await using app = await openUpstream();
  await using shadow = await openUpstream();
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml":
        gateway({ port: http }) +
        backend("app", app.port) +
        backend("shadow", shadow.port) +
        route({ name: "copied", backend: "app", filters: [mirrorTo("shadow")] }) +
        policy(
          "RateLimitPolicy",
          "few",
          "shadow",
          "limits: [{ name: all, fixedWindow: { quota: 3, unit: Month } }]",
        ),
    }),
    args: ["--workers", "1"],
  });
  for (let i = 0; i < 10; i++) assert.equal((await fetch(`${heddle.urls.http}/${i}`)).status, 200);
  const isCounted = async () =>
    /filter="mirror",event="refused"\} 7\n/.test(await (await fetch(`${heddle.api}/metrics`)).text());
  assert.ok(await becomesTrue(isCounted, WAIT_MS));
  assert.deepEqual(paths(shadow), ["/0", "/1", "/2"]);
});

test("what cannot be evaluated keeps copies back", async () => {
  await using app = await openUpstream();
  await using shadow = await openUpstream();
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml":
        gateway({ port: http }) +
        backend("app", app.port) +
        backend("shadow", shadow.port) +
        route({ name: "copied", backend: "app", filters: [mirrorTo("shadow")] }) +
        policy("AccessPolicy", "keys", "shadow", "authentication: { basic: { secretRef: { name: none } } }"),
    }),
    args: ["--workers", "1"],
  });
  assert.equal((await fetch(heddle.urls.http)).status, 200);
  const isCounted = async () =>
    /filter="mirror",event="refused"\} 1\n/.test(await (await fetch(`${heddle.api}/metrics`)).text());
  assert.ok(await becomesTrue(isCounted, WAIT_MS));
  assert.deepEqual(paths(shadow), []);
});

test("what guards a recorder is asked for each batch, which is nobody's", async () => {
  await using app = await openUpstream();
  await using open = await openUpstream(() => OK);
  await using shut = await openUpstream(() => OK);
  const recorder = (name: string) =>
    `---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ kind: HTTPRoute, name: ${name} }]
  recorder: { backendRef: { group: heddle.dev, kind: Backend, name: ${name}, port: 80 }, interval: 10ms }
`;
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "site.yaml":
        gateway({ port: http }) +
        backend("app", app.port) +
        backend("open", open.port) +
        backend("shut", shut.port) +
        route({ name: "open", backend: "app", matches: ["{ path: { value: /open } }"] }) +
        route({ name: "shut", backend: "app", matches: ["{ path: { value: /shut } }"] }) +
        recorder("open") +
        recorder("shut") +
        policy(
          "AccessPolicy",
          "open",
          "open",
          "authorization: { rules: [{ action: Allow, methods: [POST] }] }",
        ) +
        policy("AccessPolicy", "shut", "shut", onlyTeam("shop")),
    }),
    args: ["--workers", "1"],
  });
  const init = { headers: { "x-team": "shop" } };
  assert.equal((await fetch(`${heddle.urls.http}/open`, init)).status, 200);
  assert.equal((await fetch(`${heddle.urls.http}/shut`, init)).status, 200);
  const isCounted = async () =>
    /filter="recorder",event="refused"\} 1\n/.test(await (await fetch(`${heddle.api}/metrics`)).text());
  assert.ok(await becomesTrue(isCounted, WAIT_MS));
  assert.ok(await becomesTrue(() => open.requests.length === 1, WAIT_MS));
  assert.match(open.requests[0]!.body, /"path":"\/open"/);
  assert.equal(shut.requests.length, 0);
});
