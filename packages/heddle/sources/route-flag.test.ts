import assert from "node:assert/strict";
import { test } from "node:test";
import type { HTTPRoute } from "../resources/index.ts";
import { parseRouteFlags, readRoutes } from "./route-flag.ts";

const read = (...flags: string[]) => {
  const { routes, mistakes } = parseRouteFlags(flags);
  const made = readRoutes(routes, 8080, "--route");
  return { resources: made.reading.resources.toArray(), mistakes: [...mistakes, ...made.mistakes] };
};

const names = (flags: string[]) =>
  read(...flags).resources.map(({ resource }) => `${resource.kind} ${resource.metadata.name}`);

test("makes one Gateway, and a Backend and an HTTPRoute for each", () => {
  assert.deepEqual(names(["shop.localhost/api=http://127.0.0.1:3000", "*.x.localhost=http://[::1]:1"]), [
    "Gateway routes",
    "Backend shop.localhost-api",
    "HTTPRoute shop.localhost-api",
    "Backend x.localhost",
    "HTTPRoute x.localhost",
  ]);
  const { resources, mistakes } = read("shop.localhost/api=http://127.0.0.1:3000");
  assert.deepEqual(mistakes, []);
  const { spec } = resources[2]!.resource as HTTPRoute;
  assert.deepEqual(spec.hostnames, ["shop.localhost"]);
  assert.deepEqual(spec.rules[0]!.matches![0]!.path, { type: "PathPrefix", value: "/api" });
});

test("no host serves every host, no path every path, and names stay apart", () => {
  assert.deepEqual(
    names(["=http://a:1", "/=http://a:1", "*/=http://a:1", "/a-b=http://a:1", "/a/b=http://a:1"]),
    [
      "Gateway routes",
      "Backend all",
      "HTTPRoute all",
      "Backend all-2",
      "HTTPRoute all-2",
      "Backend all-3",
      "HTTPRoute all-3",
      "Backend a-b",
      "HTTPRoute a-b",
      "Backend a-b-2",
      "HTTPRoute a-b-2",
    ],
  );
});

test("mistakes name the flag and the form, good ones are made beside", () => {
  const mistakes = (flag: string) => read(flag).mistakes.join("\n");
  assert.match(mistakes("shop.localhost/api"), /^shop\.localhost\/api: has no "="; use HOST\/PATH=URL/);
  assert.match(mistakes("a/=ftp://x"), /^a\/=ftp:\/\/x: spec\.url must be a URL/);
  assert.match(mistakes("a/=http://x/path"), /spec\.url must be a URL .* without user, query and path/);
  assert.match(mistakes("a b/=http://x"), /spec\.hostnames\[0\]/);
  assert.match(read("a/=http://x", "a/=http://y").mistakes[0]!, /a\/ is given twice/);
  assert.equal(read("a/=ftp://x", "b/=http://y").resources.length, 3);
});

test("a host named like a member of every object is a host", () => {
  assert.deepEqual(read("__proto__=http://a:1").mistakes.length, 1);
  assert.deepEqual(names(["constructor=http://a:1"]), [
    "Gateway routes",
    "Backend constructor",
    "HTTPRoute constructor",
  ]);
});
