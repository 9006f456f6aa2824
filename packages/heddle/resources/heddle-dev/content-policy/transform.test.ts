import assert from "node:assert/strict";
import { test } from "node:test";
import { measureCpuMs } from "@heddle/testkit";
import { validateResource } from "../../validate.ts";

const problemsOf = (rule: unknown): readonly string[] =>
  validateResource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "ContentPolicy",
    metadata: { name: "a" },
    spec: { targetRefs: [{ kind: "HTTPRoute", name: "web" }], transform: { rules: [rule] } },
  }).problems.map(({ path }) => path.replace("spec.transform.rules[0].", ""));

const set = (name: string, value = "x") => ({ headers: { set: [{ name, value }] } });

test("what no transformation may write is refused when it is read (threats 11)", () => {
  for (const [request, path] of [
    [set("Transfer-Encoding"), "headers.set[0].name"],
    [set("content-length"), "headers.set[0].name"],
    [set("Connection"), "headers.set[0].name"],
    [set("Host"), "headers.set[0].name"],
    [set("x\r\ny"), "headers.set[0].name"],
    [set("X", "a\r\nb"), "headers.set[0].value"],
    [set("X", "a\u0000"), "headers.set[0].value"],
    [set("X", "${nothing}"), "headers.set[0].value"],
    [set("X", "${request.header.authorization}"), "headers.set[0].value"],
    [set("X", "${request.header.cookie}"), "headers.set[0].value"],
    [{ headers: { add: [{ name: "TE", value: "x" }] } }, "headers.add[0].name"],
    [{ headers: { rename: [{ from: "X-A", to: "Host" }] } }, "headers.rename[0]"],
    [{ headers: { rename: [{ from: "Upgrade", to: "X-A" }] } }, "headers.rename[0]"],
    [{ headers: { remove: ["Content-Length"] } }, "headers.remove[0]"],
    [{ path: "users" }, "path"],
    [{ path: "/a b" }, "path"],
    [{ method: "CONNECT" }, "method"],
    [{ method: "HEAD" }, "method"],
    [{ json: { set: [{ pointer: "a", json: "1" }] } }, "json.set[0].pointer"],
    [{ json: { set: [{ pointer: "/a~2", json: "1" }] } }, "json.set[0].pointer"],
    [{ json: { set: [{ pointer: "/__proto__/a", json: "1" }] } }, "json.set[0].pointer"],
    [{ json: { set: [{ pointer: "/a" }] } }, "json.set[0]"],
    [{ json: { set: [{ pointer: "/a", json: "1", value: "1" }] } }, "json.set[0]"],
    [{ json: { rename: [{ from: "/a", to: "__proto__" }] } }, "json.rename[0].to"],
    [{ json: { rename: [{ from: "", to: "a" }] } }, "json.rename[0].from"],
    [{ json: { remove: ["/a/__proto__"] } }, "json.remove[0]"],
    [{ json: { remove: [""] } }, "json.remove[0]"],
  ] as const) {
    assert.deepEqual(problemsOf({ request }), [`request.${path}`], JSON.stringify(request));
  }
  assert.deepEqual(problemsOf({ response: { status: 204 } }), ["response.status"]);
  assert.deepEqual(problemsOf({ methods: ["GET"] }), ["spec.transform.rules[0]"]);
  assert.deepEqual(problemsOf({ request: { json: { set: [{ pointer: "", json: "1" }] } } }), []);
});

test("paths of patterns", async () => {
  for (const path of ["/", "/a", "/a/", "/users/{id}", "/a/{b}/c", "/a/**", "/**", "/a-b.c~d/%20", "//"])
    assert.deepEqual(problemsOf({ path, request: {} }), [], path);
  for (const path of [
    "",
    "a",
    "/a{id}",
    "/{id}b",
    "/{}",
    "/{1}",
    "/{a-b}",
    "/a/*",
    "/**/a",
    "/a?b",
    "/a#b",
    "/a b",
    "/\u00e9",
  ])
    assert.deepEqual(problemsOf({ path, request: {} }), ["path"], path);
  const spentMs = await measureCpuMs(() => problemsOf({ path: `${"/a".repeat(500)} `, request: {} }));
  assert.ok(spentMs < 1_000);
});
