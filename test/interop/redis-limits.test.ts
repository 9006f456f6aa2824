import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { before, describe, test } from "node:test";
import { systemClock } from "@heddle/engine/base";
import {
  becomesTrue,
  findFreePorts,
  makeCertificateAuthority,
  openEchoServer,
  startHeddle,
  type RunningHeddle,
} from "@heddle/testkit";
import type { LimitStore, OpenLimitStore, StoreAnswer, StoreQuestion } from "@heddle/filters";
import { flood } from "../e2e/flood.ts";
import { requireCommand, run } from "./command.ts";

// It is no part of what the package exports.
const door = path.join(import.meta.dirname, "../../packages/heddle/limit-store/index.ts");
const { openLimitStores } = (await import(door)) as { openLimitStores(): OpenLimitStore };
const script = path.join(import.meta.dirname, "../../packages/heddle/limit-store/limit-script.ts");
const { encodeGroup, limitScript, readAnswers } = (await import(script)) as {
  encodeGroup(groups: readonly { questions: readonly StoreQuestion[]; isSettled: boolean }[]): unknown[];
  readAnswers(groups: readonly object[], reply: readonly number[]): StoreAnswer[][] | null;
  limitScript: string;
};

/** A real server without persistence: what it counted is gone when it ends. */
class Redis implements AsyncDisposable {
  readonly port: number;
  private readonly folder = mkdtempSync(path.join(tmpdir(), "heddle-redis-"));
  private readonly args: readonly string[];
  private child: ChildProcess | null = null;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.args = args;
  }

  static async start(args: (folder: string, port: number) => readonly string[] = () => []): Promise<Redis> {
    const [port] = await findFreePorts(1);
    const redis = new Redis(port!, []);
    Object.assign(redis, { args: args(redis.folder, port!) });
    await redis.up();
    return redis;
  }

  async up(): Promise<void> {
    const own = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--dir", this.folder];
    this.child = spawn("redis-server", [...own, ...this.args], { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => (printed += text));
    const isUp = await becomesTrue(() => printed.includes("Ready to accept connections"), 20_000);
    assert.ok(isUp, printed);
  }

  signal(signal: NodeJS.Signals): void {
    this.child!.kill(signal);
  }

  async kill(): Promise<void> {
    // A test that fails while it is away must not wait for it.
    if (this.child!.signalCode !== null) return;
    const closed = new Promise((resolve) => this.child!.once("close", resolve));
    this.child!.kill("SIGKILL");
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

before(() => requireCommand("redis-server", "redis-server"));

const bucket = (tokens: number, periodMs: number, burst: number) =>
  ({ kind: "token-bucket", tokens, periodMs, burst }) as const;
const sliding = (quota: number, windowMs: number) => ({ kind: "sliding-window", quota, windowMs }) as const;
const fixed = (quota: number, unit: "minute" | "hour" | "day" | "month") =>
  ({ kind: "fixed-window", quota, unit }) as const;

const question = (key: string, meter: StoreQuestion["meter"], cost = 1, isShadow = false): StoreQuestion => ({
  key,
  meter,
  cost,
  isShadow,
});

function storeAt({ port }: Redis, timeoutMs = 5_000): LimitStore {
  const config = {
    url: `redis://127.0.0.1:${port}/3`,
    credentials: "",
    timeoutMs,
    whenUnavailable: "deny",
    localShare: 1,
  } as const;
  return openLimitStores()(config, null, systemClock);
}

/** The script with a date that the test sets in place of the server's. */
class SetClock {
  private readonly redis: Redis;
  /** Since 1970; beyond the server's own date, by which keys expire. */
  seconds = (Math.ceil(Date.now() / 86_400_000) + 10) * 86_400;

  constructor(redis: Redis) {
    this.redis = redis;
  }

  /** Asks so many times, one after the other, in one call. */
  async ask(one: StoreQuestion, times: number): Promise<readonly StoreAnswer[]> {
    const script = limitScript.replace("redis.call('TIME')", `{ '${this.seconds}', '0' }`);
    assert.notEqual(script, limitScript);
    const groups = Array.from({ length: times }, () => ({ questions: [one], isSettled: false }));
    const words = ["-p", this.redis.port, "EVAL", script, ...encodeGroup(groups)].map(String);
    const { output } = await run("redis-cli", words);
    return readAnswers(groups, output.trim().split("\n").map(Number))!.flat();
  }
}

describe("the script that counts, in Redis", () => {
  const meters = [bucket(5, 3_600_000, 5), sliding(5, 3_600_000), fixed(5, "month")];

  for (const meter of meters) {
    test(`${meter.kind}: what there is, and no more, however many ask at once`, async () => {
      await using redis = await Redis.start();
      const store = storeAt(redis);
      const all = await Promise.all(Array.from({ length: 500 }, () => store.take([question("k", meter)])));
      assert.equal(all.filter((answers) => answers![0]!.fits).length, 5);
      const other = await store.take([question("other", meter, 3)]);
      assert.deepEqual([other![0]!.fits, other![0]!.remaining, other![0]!.retryMs], [true, 2, 0]);
      const refused = (await store.take([question("other", meter, 3)]))![0]!;
      assert.deepEqual([refused.fits, refused.remaining], [false, 2]);
      assert.ok(refused.retryMs > 1_000 && refused.retryMs <= 31 * 86_400_000, `${refused.retryMs}`);
      assert.equal((await store.take([question("dear", meter, 6)]))![0]!.fits, false);
    });

    test(`${meter.kind}: what was used is charged, beyond the limit too, and a look costs nothing`, async () => {
      await using redis = await Redis.start();
      const store = storeAt(redis);
      const look = async () => (await store.take([question("k", meter, 0)]))![0]!;
      for (let i = 0; i < 10; i++) assert.equal((await look()).remaining, 5);
      store.settle(question("k", meter, 4));
      assert.deepEqual([(await look()).fits, (await look()).remaining], [true, 1]);
      store.settle(question("k", meter, 40));
      assert.deepEqual([(await look()).fits, (await look()).remaining], [false, 0]);
    });
  }

  test("of one exchange all limits are charged or none, but for shadows, which never refuse", async () => {
    await using redis = await Redis.start();
    const store = storeAt(redis);
    const ask = () =>
      store.take([
        question("wide", fixed(100, "day")),
        question("narrow", sliding(2, 60_000)),
        question("shadow", fixed(1, "day"), 1, true),
      ]);
    const all = [await ask(), await ask(), await ask()].map((answers) => answers!.map(({ fits }) => fits));
    assert.deepEqual(all, [
      [true, true, true],
      [true, true, false],
      [true, false, false],
    ]);
    assert.equal((await store.take([question("wide", fixed(100, "day"), 0)]))![0]!.remaining, 98);
  });

  test("windows end where the calendar's do, and keys do not stay", async () => {
    await using redis = await Redis.start();
    const store = storeAt(redis);
    const now = new Date();
    const ends = {
      minute: Math.ceil((now.getTime() + 1) / 60_000) * 60_000,
      hour: Math.ceil((now.getTime() + 1) / 3_600_000) * 3_600_000,
      day: Math.ceil((now.getTime() + 1) / 86_400_000) * 86_400_000,
      month: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1),
    };
    for (const [unit, end] of Object.entries(ends) as [keyof typeof ends, number][]) {
      const answers = await store.take([question(unit, fixed(1, unit))]);
      // At the very edge the next window may have begun.
      if (Date.now() < end) assert.ok(Math.abs(Date.now() + answers![0]!.resetMs - end) < 2_000, unit);
    }
    await store.take([question("a", bucket(1, 1_000, 10)), question("b", sliding(10, 1_000))]);
    const cli = ["-p", String(redis.port), "-n", "3"];
    const { output: keys } = await run("redis-cli", [...cli, "--raw", "KEYS", "*"]);
    assert.equal(keys.trim().split("\n").length, 6);
    for (const key of keys.trim().split("\n")) {
      const { output } = await run("redis-cli", [...cli, "PTTL", key]);
      assert.ok(Number(output) > 0, `${key} ${output}`);
    }
  });

  test("a bucket fills as time goes by", async () => {
    await using redis = await Redis.start();
    const store = storeAt(redis);
    const meter = bucket(100, 1_000, 10);
    const startMs = performance.now();
    let passed = 0;
    while (performance.now() - startMs < 1_000)
      if ((await store.take([question("k", meter)]))![0]!.fits) passed++;
    const elapsedS = (performance.now() - startMs) / 1_000;
    assert.ok(
      passed <= 10 + 100 * elapsedS && passed >= 0.8 * (10 + 100 * elapsedS),
      `${passed} in ${elapsedS} s`,
    );
  });

  for (const meter of [bucket(5, 60_000, 5), sliding(5, 60_000), fixed(5, "hour")]) {
    test(`${meter.kind}: a server whose date is set lets nobody in for ever, and locks nobody out`, async () => {
      await using redis = await Redis.start();
      const clock = new SetClock(redis);
      const passed = async (times: number) =>
        (await clock.ask(question("k", meter), times)).filter(({ fits }) => fits).length;
      const periodS = meter.kind === "fixed-window" ? 3_600 : 69;
      assert.equal(await passed(6), 5);
      for (const hours of [-3, -30, 5, -1]) {
        clock.seconds += hours * 3_600;
        assert.ok((await passed(7)) <= 5, `${hours} h: one quota at most`);
        // A second later nothing is whole again, and nothing is far away.
        clock.seconds += 1;
        const [refused] = await clock.ask(question("k", meter), 1);
        assert.equal(refused!.fits, false, `${hours} h`);
        assert.ok(refused!.retryMs <= periodS * 1_000, `${hours} h: come again in ${refused!.retryMs} ms`);
        clock.seconds += periodS;
        assert.equal(await passed(6), 5, `${hours} h: a period later it is all there`);
      }
    });
  }

  test("nobody waits for a server that hangs but those who asked it first; when it is back it is asked again", async () => {
    await using redis = await Redis.start();
    const store = storeAt(redis, 200);
    const meter = fixed(1_000, "day");
    assert.ok((await store.take([question("k", meter)]))![0]!.fits);
    redis.signal("SIGSTOP");
    const first = performance.now();
    assert.equal(await store.take([question("k", meter)]), null);
    assert.ok(performance.now() - first < 10_000);
    let waitedMs = 0;
    for (let i = 0; i < 100; i++) {
      const startMs = performance.now();
      assert.equal(await store.take([question("k", meter)]), null);
      waitedMs += performance.now() - startMs;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(waitedMs < 10_000, `${waitedMs} ms, where each in its own time-out would be 20 s`);
    redis.signal("SIGCONT");
    const isBack = await becomesTrue(async () => (await store.take([question("k", meter)])) !== null, 20_000);
    assert.ok(isBack);
  });

  test("a server whose scripts were flushed is told ours again", async () => {
    await using redis = await Redis.start();
    const store = storeAt(redis);
    const ask = () => store.take([question("k", fixed(10, "day"))]);
    assert.notEqual(await ask(), null);
    await run("redis-cli", ["-p", String(redis.port), "SCRIPT", "FLUSH"]);
    assert.ok(await becomesTrue(async () => (await ask()) !== null, 20_000));
  });
});

const gateway = (
  port: number,
  backend: number,
  spec: string,
  more = "",
) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: app }
spec: { url: "http://127.0.0.1:${backend}" }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ group: heddle.dev, kind: Backend, name: app }] }]
---
apiVersion: heddle.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: limits }
spec: { targetRefs: [{ kind: Gateway, name: edge }], ${spec} }
${more}`;

const start = (backend: number, spec: string, more = ""): Promise<RunningHeddle> =>
  startHeddle({
    files: ({ http }) => ({ "gateway.yaml": gateway(http, backend, spec, more) }),
    args: ["--workers", "2"],
  });

const urlsOf = (all: readonly RunningHeddle[]) => all.map(({ urls }) => `${urls.http}/`);
const quota = (of: number) => `limits: [{ name: all, fixedWindow: { quota: ${of}, unit: Month } }]`;

describe("processes that count in one Redis", () => {
  test("8 connections on each of 2 workers and 3 processes get the limit and not one more", async () => {
    await using redis = await Redis.start();
    await using echo = await openEchoServer();
    const spec = `${quota(400)}, store: { redis: { url: "redis://127.0.0.1:${redis.port}", timeout: 10s }, whenUnavailable: Deny }`;
    const all = await Promise.all([1, 2, 3].map(() => start(echo.port, spec)));
    try {
      const { statuses } = await flood(urlsOf(all), 1_500, 16);
      assert.deepEqual(statuses, { 200: 400, 429: 1_100 });
      assert.equal(echo.requestCount, 400);
    } finally {
      await Promise.all(all.map((heddle) => heddle.stop()));
    }
  });

  test("killed and started again under the load of 3 processes: no more than each limit once more, and the shares of processes", async () => {
    await using redis = await Redis.start();
    await using echo = await openEchoServer();
    const spec = `${quota(400)}, store: { redis: { url: "redis://127.0.0.1:${redis.port}", timeout: 10s }, whenUnavailable: Local, localPercent: 10 }`;
    const all = await Promise.all([1, 2, 3].map(() => start(echo.port, spec)));
    try {
      const load = flood(urlsOf(all), 1_500, 16);
      assert.ok(await becomesTrue(() => echo.requestCount >= 200, 20_000), "some are counted before");
      await redis.kill();
      const { statuses } = await load;
      assert.deepEqual(Object.keys(statuses).sort(), ["200", "429"]);
      const again = flood(urlsOf(all), 1_500, 16);
      await redis.up();
      await again;
      await becomesTrue(async () => (await flood(urlsOf(all), 480, 16)).statuses[429] === 480, 20_000);
      // 400 before, 400 of the server that forgot them, 40 of each process in between.
      assert.ok(echo.requestCount > 440 && echo.requestCount <= 920, `${echo.requestCount} got through`);
    } finally {
      await Promise.all(all.map((heddle) => heddle.stop()));
    }
  });

  test("killed and started again: what was chosen for that time holds, and no request waits long", async () => {
    await using redis = await Redis.start();
    await using echo = await openEchoServer();
    const store = (whenUnavailable: string) =>
      `store: { redis: { url: "redis://127.0.0.1:${redis.port}", timeout: 500ms }, ${whenUnavailable} }`;
    const choices = [
      "whenUnavailable: Deny",
      "whenUnavailable: Allow",
      "whenUnavailable: Local, localPercent: 10",
    ];
    const all = await Promise.all(
      choices.map((choice) => start(echo.port, `${quota(50)}, ${store(choice)}`)),
    );
    const [deny, allow, local] = all.map((heddle) => [`${heddle.urls.http}/`]) as [
      string[],
      string[],
      string[],
    ];
    try {
      const together = await flood(urlsOf(all), 150, 4);
      assert.deepEqual(together.statuses, { 200: 50, 429: 100 });
      await redis.kill();
      // Those that were on their way are told when the connection breaks; whoever comes then is told at once.
      await flood(urlsOf(all), 12, 2);
      const away = [await flood(deny, 50, 4), await flood(allow, 50, 4), await flood(local, 50, 4)];
      for (const { slowestMs } of away) assert.ok(slowestMs < 400, `${slowestMs} ms`);
      assert.deepEqual(away[0]!.statuses, { 503: 50 });
      assert.deepEqual(away[1]!.statuses, { 200: 50 });
      // A tenth of the limit is this process's own; up to four were used before.
      assert.ok((away[2]!.statuses[200] ?? 0) <= 5 && away[2]!.statuses[429]! >= 45, JSON.stringify(away[2]));
      await redis.up();
      const isBack = () =>
        becomesTrue(async () => (await flood(deny, 1, 1)).statuses[503] === undefined, 20_000);
      assert.ok(await isBack());
      await becomesTrue(async () => {
        const again = await flood(urlsOf(all), 60, 4);
        return again.statuses[429] === 60;
      }, 20_000);
      const { statuses } = await flood(urlsOf(all), 60, 4);
      assert.deepEqual(statuses, { 429: 60 }, "they count together again");
    } finally {
      await Promise.all(all.map((heddle) => heddle.stop()));
    }
  });

  test("over TLS, by a user with a password, whom nobody reads of anywhere", async () => {
    const authority = await makeCertificateAuthority();
    const { cert, key } = await authority.issue({ names: ["localhost", "127.0.0.1"] });
    const [tlsPort] = await findFreePorts(1);
    await using redis = await Redis.start((folder) => {
      writeFileSync(path.join(folder, "cert.pem"), cert);
      writeFileSync(path.join(folder, "key.pem"), key);
      writeFileSync(path.join(folder, "ca.pem"), authority.cert);
      const files = ["cert", "key"].flatMap((name) => [
        `--tls-${name}-file`,
        path.join(folder, `${name}.pem`),
      ]);
      // What docs/reference/rate-limit-policy.md says that it needs.
      const may = ["~heddle:limit:*", "+@read", "+@write", "+@scripting", "+@connection", "+time"];
      const acl = ["--user", "default", "off", "--user", "heddle", "on", ">open-sesame", ...may];
      const ca = ["--tls-ca-cert-file", path.join(folder, "ca.pem"), "--tls-auth-clients", "no"];
      return ["--tls-port", String(tlsPort), ...files, ...ca, ...acl];
    });
    await using echo = await openEchoServer();
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const secret = (password: string) => `---
apiVersion: v1
kind: Secret
metadata: { name: redis }
data: { username: ${base64("heddle")}, password: ${base64(password)}, ca.crt: ${base64(authority.cert)} }
`;
    const spec = `${quota(5)}, store: { redis: { url: "rediss://localhost:${tlsPort}", secretRef: { name: redis }, timeout: 5s }, whenUnavailable: Deny }`;
    await using heddle = await start(echo.port, spec, secret("wrong"));
    assert.ok(redis.port > 0);
    assert.deepEqual((await flood(urlsOf([heddle]), 10, 2)).statuses, { 503: 10 });
    // A new password is tried without a restart.
    const port = heddle.ports.http;
    writeFileSync(
      path.join(heddle.configFolder, "gateway.yaml"),
      gateway(port, echo.port, spec, secret("open-sesame")),
    );
    assert.ok(
      await becomesTrue(
        async () => (await flood(urlsOf([heddle]), 1, 1)).statuses[503] === undefined,
        20_000,
      ),
    );
    await becomesTrue(async () => (await flood(urlsOf([heddle]), 10, 2)).statuses[429] === 10, 20_000);
    assert.equal(echo.requestCount, 5);
    const told = heddle.stdout() + heddle.stderr();
    for (const hidden of ["open-sesame", base64("open-sesame")]) assert.ok(!told.includes(hidden));
    const routes = await fetch(`${heddle.api}/apis/heddle.dev/v1alpha1/ratelimitpolicies`);
    assert.ok(!(await routes.text()).includes("sesame"));
  });
});
