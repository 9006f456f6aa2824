import assert from "node:assert/strict";
import { test } from "node:test";
import type { StartReport } from "../app/index.ts";
import { printStart } from "./print-start.ts";

function print(report: Pick<StartReport, "routes" | "routeCount">): string {
  let text = "";
  const terminal = { out: (more: string) => void (text += more), err: () => {}, hasColor: false };
  const rest = { version: "1", api: "http://127.0.0.1:9901", listeners: [], problems: [] };
  printStart({ ...rest, ...report }, "text", [], terminal);
  return text;
}

test("routes of which none is served are not called more of something", () => {
  const text = print({ routes: [], routeCount: 2 });
  assert.match(text, /no route is served; their status: http:\S+\/httproutes/);
  assert.doesNotMatch(text, /more/);
});

test("what is not listed is counted", () => {
  const route = { route: "default/a", url: "http://a/", curl: "curl http://a/" };
  assert.match(print({ routeCount: 3, routes: [route] }), /and 2 more: http:/);
});
