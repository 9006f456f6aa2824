import assert from "node:assert/strict";
import { test } from "node:test";
import { listenerId, parseListenerId } from "./listener-id.ts";

const gateway = { namespace: "infra", name: "edge" };

test("an id names the Gateway, the ListenerSet where there is one, and the listener", () => {
  const own = { kind: "Gateway" as const, ...gateway };
  const set = { kind: "ListenerSet" as const, namespace: "shop", name: "team" };
  for (const [owner, id] of [
    [own, "infra/edge/http"],
    [set, "infra/edge/shop/team/http"],
  ] as const) {
    assert.equal(listenerId(gateway, owner, "http"), id);
    assert.deepEqual(parseListenerId(id), { gateway, owner, listener: "http" });
  }
});
