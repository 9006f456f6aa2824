import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, makeKey, parseKey } from "./key.ts";
import { findKind, findKindByPlural, kindNamed, kinds } from "./registry.ts";
import { childPath, itemPath, pathSegments } from "./problem.ts";

test("a kind is found by apiVersion and kind in each served version", () => {
  assert.equal(findKind("gateway.networking.k8s.io/v1", "HTTPRoute")?.isPreferred, true);
  const beta = findKind("gateway.networking.k8s.io/v1beta1", "HTTPRoute");
  assert.equal(beta?.isPreferred, false);
  assert.equal(beta?.kind, kindNamed("HTTPRoute"));
  assert.equal(findKind("v1", "Service")?.kind.plural, "services");
  assert.equal(findKind("gateway.networking.k8s.io/v1alpha2", "HTTPRoute"), undefined);
  assert.equal(findKind("v1", "HTTPRoute"), undefined);
});

test("a kind is found by the parts of an API path", () => {
  assert.equal(findKindByPlural("", "v1", "services")?.kind.kind, "Service");
  assert.equal(findKindByPlural("gateway.networking.k8s.io", "v1", "httproutes")?.kind.kind, "HTTPRoute");
  assert.equal(findKindByPlural("heddle.dev", "v1alpha1", "backends")?.kind.kind, "Backend");
  assert.equal(findKindByPlural("", "v1", "httproutes"), undefined);
});

test("names, plurals and short names mean one kind each", () => {
  const words = kinds.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]);
  assert.equal(new Set(words).size, words.length);
  assert.equal(new Set(kinds.map(({ kind }) => kind)).size, kinds.length);
});

test("only kinds of heddle.dev are strict about unknown fields", () => {
  for (const { group, isStrict } of kinds) assert.equal(isStrict, group === "heddle.dev");
});

test("a key names a resource by group, kind, namespace and name", () => {
  const resource = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "a", namespace: "b" },
  };
  assert.equal(keyOf(resource), "gateway.networking.k8s.io/HTTPRoute/b/a");
  assert.equal(keyOf({ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } }), "/Namespace//a");
  const parts = { group: "", kind: "Namespace", namespace: "", name: "a" };
  assert.deepEqual(parseKey(makeKey("", "Namespace", "", "a")), parts);
});

test("a field path can be taken apart again", () => {
  const keys = ["spec", 0, "a.b/c", "x-y", 'quo"te\\', "é", 12, "[0]", ""];
  const path = keys.reduce<string>(
    (path, key) => (typeof key === "number" ? itemPath(path, key) : childPath(path, key)),
    "",
  );
  assert.deepEqual(pathSegments(path), keys);
  assert.equal(childPath(itemPath(childPath("spec", "rules"), 3), "name"), "spec.rules[3].name");
});
