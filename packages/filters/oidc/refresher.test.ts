import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "@heddle/engine/base";
import type { Tokens } from "./provider.ts";
import { Refresher } from "./refresher.ts";

const tokens: Tokens = { accessToken: "a", refreshToken: "r", idToken: "", expiresMs: 0, claims: null };

/** Two workers' refreshers, over one channel. */
async function withTwo(run: (one: Refresher, two: Refresher) => Promise<void>): Promise<void> {
  const channel = `test ${Math.random()}`;
  const [one, two] = [new Refresher(systemClock, channel), new Refresher(systemClock, channel)];
  try {
    await run(one, two);
  } finally {
    one.close();
    two.close();
  }
}

test("whoever asks, the provider is asked once; later requests with the old token get the same", async () => {
  await withTwo(async (one, two) => {
    let asked = 0;
    const fetch = async () => {
      asked++;
      await wait(20);
      return tokens;
    };
    const token = String(Math.random());
    const all = [one, two, one, two].map((refresher) => refresher.refresh(token, fetch));
    assert.deepEqual(await Promise.all(all), [tokens, tokens, tokens, tokens]);
    assert.deepEqual(await two.refresh(token, fetch), tokens);
    assert.equal(asked, 1);
  });
});

test("a failure is nobody's but his who asked: the next one asks again", async () => {
  await withTwo(async (one, two) => {
    let asked = 0;
    const fetch = async () => {
      await wait(20);
      if (++asked === 1) throw new Error("away");
      return tokens;
    };
    const token = String(Math.random());
    const [first, second] = await Promise.allSettled([one.refresh(token, fetch), two.refresh(token, fetch)]);
    assert.deepEqual([first.status, second.status].toSorted(), ["fulfilled", "rejected"]);
    assert.equal(asked, 2);
  });
});
