import assert from "node:assert/strict";
import { test } from "node:test";
import { stampStatus } from "./stamp-status.ts";

const condition = (type: string, status: "True" | "False", message = "") => ({
  type,
  status,
  reason: "Reason",
  message,
});

test("a condition keeps the time of its last change while its status stays", () => {
  const first = stampStatus({ conditions: [condition("Accepted", "True")] }, undefined, "t1");
  assert.deepEqual(first, { conditions: [{ ...condition("Accepted", "True"), lastTransitionTime: "t1" }] });
  const second = stampStatus({ conditions: [condition("Accepted", "True", "more")] }, first, "t2");
  assert.deepEqual(second, {
    conditions: [{ ...condition("Accepted", "True", "more"), lastTransitionTime: "t1" }],
  });
  const third = stampStatus({ conditions: [condition("Accepted", "False")] }, second, "t3");
  assert.deepEqual(third, { conditions: [{ ...condition("Accepted", "False"), lastTransitionTime: "t3" }] });
});

test("parents and listeners are told apart by what they are, not by their place", () => {
  const parent = (name: string, status: "True" | "False") => ({
    parentRef: { name, group: "g", kind: "Gateway" },
    controllerName: "c",
    conditions: [condition("Accepted", status)],
  });
  const before = stampStatus({ parents: [parent("a", "True"), parent("b", "True")] }, undefined, "t1");
  const after = stampStatus({ parents: [parent("b", "True"), parent("a", "False")] }, before, "t2");
  const times = (after["parents"] as { conditions: { lastTransitionTime: string }[] }[]).map(
    ({ conditions }) => conditions[0]!.lastTransitionTime,
  );
  assert.deepEqual(times, ["t1", "t2"]);
});

test("a status that somebody else left behind does not matter", () => {
  for (const previous of [null, "x", { conditions: "x" }, { conditions: [null, 1] }]) {
    const { conditions } = stampStatus({ conditions: [condition("A", "True")] }, previous, "t1") as {
      conditions: { lastTransitionTime: string }[];
    };
    assert.equal(conditions[0]!.lastTransitionTime, "t1");
  }
});
