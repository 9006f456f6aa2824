import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { becomesTrue } from "@heddle/testkit";
import type { CanaryState } from "../../canary/index.ts";
import { CanaryFile } from "./canary-file.ts";

const at = (step: number): ReadonlyMap<string, CanaryState> =>
  new Map([
    ["shop/orders/0", { plan: "p", phase: "progressing", step, sinceMs: 1, verdict: "" } as CanaryState],
  ]);

test("a process that takes over writes nothing before the file is its own, and then the last it had to say", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "heddle-canaries-"));
  const name = path.join(folder, "canaries.json");
  const stepKept = async (): Promise<unknown> => {
    const text = await readFile(name, "utf8").catch(() => "{}");
    return (JSON.parse(text) as Record<string, CanaryState>)["shop/orders/0"]?.step;
  };
  const becomesStep = (step: number): Promise<boolean> =>
    becomesTrue(async () => (await stepKept()) === step, 20_000);
  try {
    const [first, second] = [new CanaryFile(name, () => {}), new CanaryFile(name, () => {}, true)];
    second.write(at(7));
    second.write(at(8));
    first.write(at(1));
    assert.ok(await becomesStep(1));
    second.takeOver();
    assert.ok(await becomesStep(8));
    second.write(at(9));
    assert.ok(await becomesStep(9));
  } finally {
    await rm(folder, { recursive: true });
  }
});
