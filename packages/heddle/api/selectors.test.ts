import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "../resources/index.ts";
import { parseFieldSelector, parseLabelSelector, SelectorError } from "./selectors.ts";

const resource = {
  metadata: { name: "a", namespace: "shop", labels: { app: "web", tier: "" } },
} as unknown as Resource;

test("label selectors as kubectl sends them", () => {
  const yes = [
    "",
    "app=web",
    "app==web",
    "app!=db",
    "none!=x",
    "app",
    "!none",
    "app in (db, web)",
    "app notin (db)",
    "none notin (x)",
    "tier=",
    "app=web,!none,tier",
  ];
  const no = [
    "app=db",
    "app!=web",
    "none",
    "!app",
    "app in (db)",
    "app notin (web)",
    "none in (x)",
    "app=web,none",
  ];
  for (const text of yes) assert.equal(parseLabelSelector(text)(resource), true, text);
  for (const text of no) assert.equal(parseLabelSelector(text)(resource), false, text);
  for (const text of ["a b", "=x", "a in web", "a,,b", "app=web)"]) {
    assert.throws(() => parseLabelSelector(text), SelectorError, text);
  }
  assert.equal(parseLabelSelector("constructor")(resource), false, "not a label of every object");
});

test("field selectors by name and namespace", () => {
  for (const text of ["", "metadata.name=a", "metadata.namespace==shop,metadata.name!=b"]) {
    assert.equal(parseFieldSelector(text)(resource), true, text);
  }
  assert.equal(parseFieldSelector("metadata.name=b")(resource), false);
  assert.throws(() => parseFieldSelector("spec.type=x"), /use metadata\.name/);
});
