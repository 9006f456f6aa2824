import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { supportedFeatures } from "./features.ts";

const root = path.join(import.meta.dirname, "../../..");
const page = readFileSync(path.join(root, "docs/reference/gateway-api.md"), "utf8");

interface Row {
  /** The feature's name, or the words for a field without one. */
  what: string;
  isFeature: boolean;
  isSupported: boolean;
  tests: string[];
}

const rows: Row[] = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (feature|field|-)/.test(line))
  .map((line) => {
    const [what = "", supported = "", tests = ""] = line
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    return {
      what: what.replaceAll("`", ""),
      isFeature: /^`[A-Za-z0-9]+`$/.test(what),
      isSupported: /^yes\b/.test(supported),
      tests: tests === "" ? [] : tests.split(", "),
    };
  });

/** Names of the conformance tests: what their titles begin with. A title with a code in it stands for three. */
function testNames(): Set<string> {
  const files = globSync("test/conformance/*.test.ts", { cwd: root });
  const sources = files.map((file) => readFileSync(path.join(root, file), "utf8"));
  const names = sources.flatMap((source) =>
    [
      ...source.matchAll(
        /["`]((?:Gateway|ListenerSet|HTTPRoute|TLSRoute|TCPRoute|UDPRoute|HTTPListener|GRPCRoute|GRPCExact|BackendTLSPolicy|LaterKinds)[A-Za-z0-9${}]*): /g,
      ),
    ].map((match) => match[1]!),
  );
  return new Set(names.flatMap((name) => ["303", "307", "308"].map((code) => name.replace("${code}", code))));
}

test("the page's supported features are those that GatewayClasses claim", () => {
  const documented = rows.filter(({ isFeature, isSupported }) => isFeature && isSupported);
  assert.deepEqual(
    documented.map(({ what }) => what).toSorted(),
    supportedFeatures.map(({ name }) => name),
  );
});

test("each feature is on the page once, and each supported one has a test", () => {
  const names = rows.map(({ what }) => what);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length > 50);
  const untested = rows.filter(({ isSupported, tests }) => isSupported && tests.length === 0);
  assert.deepEqual(
    untested.map(({ what }) => what),
    [],
  );
});

test("the page names every conformance test, and none that is not there", () => {
  const documented = new Set(rows.flatMap(({ tests }) => tests));
  const written = testNames();
  assert.ok(written.size > 80, `${written.size} tests`);
  assert.deepEqual([...documented.difference(written)], [], "on the page alone");
  assert.deepEqual([...written.difference(documented)], [], "in the tests alone");
});
