import assert from "node:assert/strict";
import { test } from "node:test";
import { makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { OidcConfig } from "./config.ts";
import { CookieJar } from "./cookie-jar.ts";
import { LOGIN_TTL_MS, readLoginState } from "./login-state.ts";
import type { Session } from "./session.ts";
import { Sessions } from "./sessions.ts";

const maxAgeMs = 3_600_000;
const config = {
  id: "test",
  providers: [{ name: "corp", issuer: "https://id.example" }],
  session: { cookieName: "shop", maxAgeMs, keys: "keys" },
} as unknown as OidcConfig;

test("a session lasts as long as it may, also where the clock was ahead when it began", () => {
  const context = new RecordingContext();
  context.data("keys").set([Buffer.alloc(32, 1).toString("base64")]);
  const sessions = new Sessions(config, context);
  const now = context.clock.wallMs();
  const session: Session = {
    provider: "corp",
    issuer: "https://id.example",
    subject: "alice",
    claims: {},
    startedMs: now,
    expiresMs: 0,
    accessToken: "",
    refreshToken: "",
    idToken: "",
  };
  const readAfter = (ms: number) => {
    context.clock.setWall(now);
    const fresh = new CookieJar(makeExchange().request, "shop", false);
    const cookie = sessions.write(session, fresh)![0]!.split(";")[0]!;
    context.clock.setWall(now + ms);
    const { request } = makeExchange({ headers: [["cookie", cookie]] });
    return sessions.read(new CookieJar(request, "shop", false));
  };
  for (const ms of [0, maxAgeMs - 1, -60_000]) assert.equal(readAfter(ms)?.subject, "alice", String(ms));
  for (const ms of [maxAgeMs, 10 * maxAgeMs, -maxAgeMs]) assert.equal(readAfter(ms), null, String(ms));
});

test("an answer that comes to a machine whose clock is a little behind is still one", () => {
  const login = {
    provider: "corp",
    state: "s",
    nonce: "n",
    codeVerifier: "v",
    returnPath: "/",
    startedMs: 1e12,
  };
  const isTaken = (ms: number) => readLoginState(JSON.stringify(login), 1e12 + ms) !== null;
  for (const ms of [0, LOGIN_TTL_MS, -1, -60_000]) assert.ok(isTaken(ms), String(ms));
  for (const ms of [LOGIN_TTL_MS + 1, -3_600_000]) assert.ok(!isTaken(ms), String(ms));
});
