import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { becomesTrue, connectRaw, startHeddle } from "@heddle/testkit";
import { openBackends } from "./backends.ts";
import { openChat, startLoad } from "./load.ts";

/** Longer than two new processes take to start on a busy machine. */
const DRAIN_S = 100;

/** A busy machine starts slowly, and here it starts beside a load. */
const patience = { readyTimeoutMs: 100_000 };

const controlSockets = (stateFolder: string): string[] =>
  readdirSync(stateFolder).filter((name) => name.endsWith(".sock"));

test("two upgrades in a row under load: every request is answered, and a WebSocket outlives each", async () => {
  await using backends = await openBackends();
  const args = ["--workers", "2", "--drain", String(DRAIN_S)];
  await using first = await startHeddle({
    ...patience,
    files: ({ http }) => ({ "site.yaml": backends.site(http) }),
    args,
  });
  const { http } = first.ports;
  await using load = startLoad(http);
  const chat = await openChat(http);
  assert.ok(await becomesTrue(() => load.reports.grpc.answers > 0, 20_000));

  await using second = await startHeddle({ replaces: first, ...patience, args });
  const during = { ...load.reports.fresh };
  assert.ok(await chat.echoes("held by the first"), "a connection of the old one goes on");
  assert.ok(await becomesTrue(() => load.reports.fresh.answers > during.answers + 50, 20_000));
  await using third = await startHeddle({ replaces: second, ...patience, args });
  assert.ok(await chat.echoes("still held"));
  const young = await openChat(http);
  assert.ok(await young.echoes("held by the third"));
  const answers = await fetch(`${third.api}/readyz`);
  assert.equal(answers.status, 200);

  await load.stop();
  for (const [kind, { answers: count, problems }] of Object.entries(load.reports)) {
    assert.deepEqual(problems.slice(0, 5), [], kind);
    assert.ok(count > 0, kind);
  }
  assert.ok(await chat.echoes("held through both"));
  await chat.close();
  assert.deepEqual(await second.ended, { code: 0, signal: null }, second.stderr());
  assert.deepEqual(await first.ended, { code: 0, signal: null }, first.stderr());
  assert.ok(await young.echoes("the third goes on"));
  await young.close();
  assert.match(first.stderr(), new RegExp(`heddle 0\\.1\\.0 \\(pid ${second.pid}\\) has taken over`));
  assert.match(second.stderr(), new RegExp(`took over from heddle 0\\.1\\.0 \\(pid ${first.pid}\\)`));
  assert.equal(controlSockets(third.stateFolder).length, 1);
});

test("idle connections of the old one are kept for their next request, which is told to be the last", async () => {
  await using backends = await openBackends();
  const args = ["--workers", "1", "--drain", "20"];
  await using old = await startHeddle({
    ...patience,
    files: ({ http }) => ({ "site.yaml": backends.site(http) }),
    args,
  });
  await using kept = await connectRaw(old.ports.http);
  kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await kept.receiveUntil("\r\n\r\nok");
  await using young = await startHeddle({ replaces: old, ...patience, args });
  // Longer than a drain without a successor would wait.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await kept.receiveToEnd(), /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n\r\nok$/);
  kept.end();
  assert.deepEqual(await old.ended, { code: 0, signal: null }, "nothing is left, so it does not wait");
  assert.match(young.stdout(), /API and status page at/);
});

test("other numbers of workers: sockets of the old one are shared out, or others bound beside them", async () => {
  await using backends = await openBackends();
  const drain = ["--drain", "2"];
  await using started = new AsyncDisposableStack();
  let running = started.use(
    await startHeddle({
      ...patience,
      files: ({ http }) => ({ "site.yaml": backends.site(http) }),
      args: [...drain, "--workers", "2"],
    }),
  );
  await using load = startLoad(running.ports.http);
  for (const workers of ["0", "3"]) {
    const next = started.use(
      await startHeddle({ replaces: running, ...patience, args: [...drain, "--workers", workers] }),
    );
    const { answers } = load.reports.fresh;
    assert.ok(await becomesTrue(() => load.reports.fresh.answers > answers + 30, 20_000), workers);
    assert.deepEqual(await running.ended, { code: 0, signal: null });
    running = next;
  }
  await load.stop();
  for (const [kind, { problems }] of Object.entries(load.reports))
    assert.deepEqual(problems.slice(0, 5), [], kind);
  await running.stop();
});

test("a new one that fails leaves the old one as it was, and says why", async () => {
  await using backends = await openBackends();
  const args = ["--workers", "1", "--drain", "2"];
  await using old = await startHeddle({
    ...patience,
    files: ({ http }) => ({ "site.yaml": backends.site(http) }),
    args,
  });
  const serves = async () => {
    const answer = await fetch(`${old.urls.http}/x`);
    return (await answer.text()) === "ok";
  };
  const broken = path.join(old.configFolder, "broken.yaml");
  writeFileSync(broken, "a: [\n");
  assert.ok(await becomesTrue(() => old.stderr().includes("broken.yaml"), 20_000));
  await assert.rejects(
    startHeddle({ replaces: old, ...patience, args }),
    /exit code 1 [^]*the configuration has errors that the running one has not:\n.*broken\.yaml:/,
  );
  assert.ok(await serves());
  await assert.rejects(
    startHeddle({ replaces: old, ...patience, args: [...args, "--access-log", "/none/there"] }),
    /exit code 1 /,
  );
  assert.ok(await serves());
  writeFileSync(broken, "");
  await assert.rejects(
    startHeddle({ replaces: old, ...patience, args: [...args, "--state", "/tmp/heddle-nobody-runs-here"] }),
    /exit code 1 [^]*nothing to replace; start without --replace/,
  );
  const told = old
    .stderr()
    .split("\n")
    .filter((line) => line.includes("does not take over"));
  assert.equal(told.length, 2, old.stderr());
  assert.equal((await fetch(`${old.api}/readyz`)).status, 200);
  assert.ok(await serves());
  await using young = await startHeddle({ replaces: old, ...patience, args });
  assert.ok(await serves());
  assert.deepEqual(await old.ended, { code: 0, signal: null });
  assert.equal(young.stderr().includes("error"), false, young.stderr());
});

test("with several heddles of one state folder none is chosen; if-running starts where none runs", async () => {
  await using one = await startHeddle(patience);
  await using other = await startHeddle({ ...patience, args: ["--state", one.stateFolder] });
  await assert.rejects(
    startHeddle({ replaces: one, ...patience }),
    new RegExp(`exit code 1 [^]*several heddles run [^]*(${one.pid}, ${other.pid}|${other.pid}, ${one.pid})`),
  );
  await other.stop();
  await using lone = await startHeddle({ ...patience, args: ["--replace=if-running"] });
  assert.equal(lone.stderr(), "");
});

test("the control socket is for the same user alone, and goes with the process", async () => {
  await using heddle = await startHeddle(patience);
  assert.ok(await becomesTrue(() => heddle.stdout() !== "", 20_000));
  const [name = ""] = controlSockets(heddle.stateFolder);
  const file = path.join(heddle.stateFolder, name);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  // Who says nothing, or nonsense, changes nothing.
  const rude = net.connect(file);
  rude.write("nonsense\n");
  await new Promise((resolve) => rude.on("close", resolve).resume());
  assert.equal((await fetch(`${heddle.api}/readyz`)).status, 200);
  heddle.kill("SIGTERM");
  await heddle.ended;
});
