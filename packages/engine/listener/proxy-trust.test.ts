import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProxyProtocolSettings } from "../model/index.ts";
import { believesAllOf } from "./proxy-trust.ts";

const of = (
  trustedSources: string[],
  others: ProxyProtocolSettings["others"] = "refuse",
  ports: number[] = [],
): ProxyProtocolSettings => ({ trustedSources, others, ports });

const off = of([]);
const on = of(["10.0.0.1"]);

test("connections stay where nobody is believed less than before", () => {
  const kept: [now: ProxyProtocolSettings, before: ProxyProtocolSettings][] = [
    [on, on],
    [off, of([], "plain", [80])],
    [of(["10.0.0.2", "10.0.0.1"]), on],
    [of(["10.0.0.1"], "plain"), on],
    [of(["10.0.0.1"], "plain"), off],
  ];
  for (const [now, before] of kept)
    assert.equal(believesAllOf(now, before), true, JSON.stringify([now, before]));
});

test("connections end where a source is taken away, or others are refused by now", () => {
  const ended: [now: ProxyProtocolSettings, before: ProxyProtocolSettings][] = [
    [off, on],
    [on, off],
    [of(["10.0.0.2"]), on],
    [on, of(["10.0.0.1"], "plain")],
    [of(["10.0.0.1"], "refuse", [80]), on],
  ];
  for (const [now, before] of ended)
    assert.equal(believesAllOf(now, before), false, JSON.stringify([now, before]));
});
