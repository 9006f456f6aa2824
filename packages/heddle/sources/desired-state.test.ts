import assert from "node:assert/strict";
import { test } from "node:test";
import { runToEnd, seededRandom } from "@heddle/engine/base";
import { JoinedReadings, joinReadings } from "./desired-state.ts";
import { readText, TextMemo } from "./read-text.ts";
import { readRoutes } from "./route-flag.ts";
import type { Reading } from "./reading.ts";

function reading(file: string, text: string): Reading {
  return runToEnd(readText(text, file, new TextMemo()));
}

const backend = (name: string, more = "") =>
  `apiVersion: heddle.dev/v1alpha1\nkind: Backend\nmetadata: { name: ${name} ${more} }\nspec: { url: "http://127.0.0.1:1" }\n`;

test("of a resource in two files the first counts, and the second names the first", () => {
  const state = joinReadings([reading("a.yaml", `# note\n${backend("x")}`), reading("b.yaml", backend("x"))]);
  assert.equal(state.sourced.get("heddle.dev/Backend/default/x")!.origin.file, "a.yaml");
  const [{ origin, message } = { origin: undefined, message: "" }] = state.duplicates;
  assert.equal(origin!.file, "b.yaml");
  assert.equal(message, "is given twice, first at a.yaml:2:1; remove one");
});

test("an invalid document holds its name against a valid one of a later file", () => {
  const invalid = backend("x").replace("http:", "ftp:");
  const state = joinReadings([reading("a.yaml", invalid), reading("b.yaml", backend("x"))]);
  assert.equal(state.duplicates.length, 1);
  assert.equal(state.sourced.size, 0);
});

test("namespaces come with their first resource, and the class by itself", () => {
  const { resources } = joinReadings([reading("a.yaml", backend("x", ", namespace: shop"))]);
  assert.deepEqual([...resources.keys()].sort(), [
    "/Namespace//default",
    "/Namespace//shop",
    "gateway.networking.k8s.io/GatewayClass//heddle",
    "heddle.dev/Backend/shop/x",
  ]);
  const again = joinReadings([]).resources.get("/Namespace//default");
  assert.equal(
    again,
    resources.get("/Namespace//default"),
    "the same object, so that nothing seems to change",
  );
});

test("a declared namespace and class are taken as they are written", () => {
  const text =
    "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { team: a } }\n---\n" +
    "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: heddle }\n" +
    "spec: { controllerName: example.com/other }\n";
  const { resources } = joinReadings([reading("a.yaml", `${text}---\n${backend("x", ", namespace: shop")}`)]);
  assert.deepEqual(resources.get("/Namespace//shop")!.metadata.labels, { team: "a" });
  const found = resources.get("gateway.networking.k8s.io/GatewayClass//heddle") as { spec?: unknown };
  assert.deepEqual(found.spec, { controllerName: "example.com/other" });
});

test("--route beside the routes of a heddle.config.ts share one Gateway", () => {
  const [one, two] = [readRoutes({ a: "http://x:1" }, 8080, "a"), readRoutes({ b: "http://x:1" }, 8080, "b")];
  const state = joinReadings([one.reading, two.reading]);
  assert.deepEqual(state.duplicates, []);
  assert.deepEqual(
    Array.from(state.sourced.values(), ({ resource }) => `${resource.kind} ${resource.metadata.name}`),
    ["Gateway routes", "Backend a", "HTTPRoute a", "Backend b", "HTTPRoute b"],
  );
  const declared = `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: routes }\n`;
  const spec = `spec: { gatewayClassName: x, listeners: [{ name: x, port: 1, protocol: HTTP }] }\n`;
  assert.equal(joinReadings([reading("a.yaml", declared + spec), one.reading]).duplicates.length, 1);
});

test("joined one after the other readings give what they give by themselves, and say what changed", () => {
  const random = seededRandom(3);
  const under = (limit: number) => Math.floor(random.next() * limit);
  const namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: { name: n1 }\n";
  const invalid = `---\n${backend("b1").replace("http:", "ftp:")}`;
  const piece = () =>
    under(60) === 0
      ? [namespace, invalid][under(2)]!
      : `---\n${backend(`b${under(300)}`, `, namespace: n${under(3)}, labels: { v: "${under(9)}" }`)}`;
  const files = [0, 1].map((at) => {
    const memo = new TextMemo();
    let pieces = Array.from({ length: 6 }, piece);
    return () => {
      if (under(2) === 0)
        pieces = pieces.toSpliced(under(7), under(3), ...Array.from({ length: under(3) }, piece));
      return runToEnd(readText(pieces.join(""), `${at}.yaml`, memo));
    };
  });
  const joined = new JoinedReadings();
  let before = new Map<string, unknown>();
  let partial = 0;
  for (let round = 0; round < 400; round++) {
    const readings = files.map((read) => read());
    const { changed, list, ...state } = runToEnd(joined.join(readings));
    const { changed: _, list: freshList, ...fresh } = joinReadings(readings);
    assert.deepEqual(state, fresh, `round ${round}`);
    assert.deepEqual(list.toArray(), freshList.toArray(), `round ${round}`);
    assert.deepEqual(new Set(list), new Set(state.sourced.values()), `round ${round}`);
    const now = new Map<string, unknown>(state.resources);
    const differ = [...new Set([...before.keys(), ...now.keys()])].filter(
      (key) => before.get(key) !== now.get(key),
    );
    for (const key of differ)
      assert.ok(changed === null || changed.has(key as never), `round ${round}: ${key}`);
    if (changed !== null && changed.size > 0) partial++;
    before = now;
  }
  assert.ok(partial > 20, `only ${partial} were joined by what changed`);
});

/** The versions of a file of many resources, as JSON, which is read quickly. */
function longFile(count: number) {
  let made = 0;
  const memo = new TextMemo();
  const fresh = (namespace = "default") =>
    JSON.stringify({
      apiVersion: "heddle.dev/v1alpha1",
      kind: "Backend",
      metadata: { name: `b${made++}`, namespace },
      spec: { url: "http://127.0.0.1:1" },
    });
  const file = {
    fresh,
    pieces: Array.from({ length: count }, () => fresh()),
    read(): Reading {
      const text = `{"apiVersion":"v1","kind":"List","items":[\n${file.pieces.join(",\n")}\n]}`;
      return runToEnd(readText(text, "a.json", memo));
    },
  };
  return file;
}

const edited = (piece: string) => piece.replace(/:(\d)"/, (_, port: string) => `:${(Number(port) % 9) + 1}"`);

test("a long list joins after each edit as if it were joined for the first time", () => {
  const random = seededRandom(9);
  const under = (limit: number) => Math.floor(random.next() * limit);
  const file = longFile(1_200);
  const beside = reading("b.yaml", backend("beside"));
  const joined = new JoinedReadings();
  let last = new Map<string, unknown>(runToEnd(joined.join([file.read(), beside])).resources);
  const edits: ((all: string[], at: number) => string[])[] = [
    (all) => all.with(0, edited(all[0]!)),
    (all, at) => all.with(at, edited(all[at]!)),
    (all) => [...all, file.fresh()],
    (all, at) => all.toSpliced(at, under(300), file.fresh("shop")),
    (all, at) => [all[at]!, ...all.toSpliced(at, 1)],
    (all, at) => all.toSpliced(at >> 1, 0, ...all.splice(at, 200)),
    (all, at) => all.toSpliced(at, 0, all[at >> 1]!),
    (all, at) => all.toSpliced(at, 0, all[at >> 1]!.replace("http:", "ftp:")),
    (all, at) => all.toSpliced(at, 0, "{"),
    (all) => all.filter((one) => !one.includes("shop")),
  ];
  let partial = 0;
  for (let round = 0; round < 60; round++) {
    const before = file.pieces;
    const [number, at] = [under(edits.length), under(before.length)];
    file.pieces = edits[number]!([...before], at);
    const readings = under(3) === 0 ? [beside, file.read()] : [file.read(), beside];
    const { changed, list, resources, ...state } = runToEnd(joined.join(readings));
    const fresh = joinReadings(readings);
    const seen = `round ${round}, edit ${number}`;
    assert.deepEqual(list.toArray(), fresh.list.toArray(), seen);
    assert.deepEqual(new Set(list), new Set(state.sourced.values()), seen);
    assert.deepEqual(new Map(resources), new Map(fresh.resources), seen);
    assert.deepEqual(state.sourced, fresh.sourced, seen);
    assert.deepEqual(state.duplicates, fresh.duplicates, seen);
    assert.deepEqual(state.rejected, fresh.rejected, seen);
    for (const key of [...last.keys(), ...resources.keys()]) {
      if (last.get(key) !== resources.get(key as never))
        assert.ok(changed === null || changed.has(key as never), `${seen}: ${key}`);
    }
    last = new Map(resources);
    if (changed !== null) partial++;
    // Mistakes are taken back, most of the time at once.
    if (changed === null || fresh.unreadable.length > 0)
      file.pieces = under(4) > 0 ? before : file.pieces.filter((one) => one !== "{");
  }
  assert.ok(partial > 15, `only ${partial} were joined by what changed`);
});

test("a change of one of 2,000 resources leaves all chunks but those around it the same, with and without mistakes", () => {
  const file = longFile(2_000);
  const joined = new JoinedReadings();
  const change = (at: number) => {
    file.pieces = file.pieces.with(at, edited(file.pieces[at]!));
    return runToEnd(joined.join([file.read()]));
  };
  let before = change(5).list;
  const others = (at: number) => {
    const { list } = change(at);
    const known = new Set(before.chunks);
    before = list;
    return list.chunks.filter((chunk) => !known.has(chunk)).length;
  };
  assert.ok(before.chunks.length > 10);
  for (const at of [0, 1_000, 1_999]) assert.ok([1, 2].includes(others(at)));
  assert.deepEqual([...change(700).changed!], ["heddle.dev/Backend/default/b700"]);
  file.pieces = [...file.pieces, file.pieces[3]!];
  others(1_500);
  assert.ok([2, 3].includes(others(1_000)), "and the chunk of which not all counts");
});
