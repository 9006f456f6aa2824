import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { seededRandom } from "@heddle/engine/base";
import { AcmeServer, becomesTrue, FakeClock, type AcmeServerOptions } from "@heddle/testkit";
import type { AcmeCertificateState, AcmeIssuerPlan, AcmeRequest } from "../compile/index.ts";
import { AcmeService } from "./acme-service.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let folder: string;
let clock: FakeClock;
let logs: string[];
/** What the states said, at each refresh. */
let told: string[];
const services: AcmeService[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "heddle-acme-"));
  clock = new FakeClock();
  logs = [];
  told = [];
});
afterEach(() => {
  for (const service of services.splice(0)) service.close();
  rmSync(folder, { recursive: true, force: true });
});

const openServer = (options: AcmeServerOptions = {}): Promise<AcmeServer> =>
  AcmeServer.open({ nowMs: () => clock.wallMs(), ...options });

function openService(): AcmeService {
  const service = new AcmeService({
    folder,
    clock,
    random: seededRandom(7),
    systemCaPem: () => null,
    log: (level, message, fields) => void logs.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
    async refresh() {
      for (const { isOrdering, problem } of service.states.certificates.values()) {
        told.push(`${isOrdering ? "ordering" : "idle"}${problem === null ? "" : " failed"}`);
      }
    },
  });
  services.push(service);
  return service;
}

function request(server: AcmeServer, names: string[], issuer: Partial<AcmeIssuerPlan> = {}): AcmeRequest {
  const plan: AcmeIssuerPlan = {
    name: "default/ca",
    directory: server.directory,
    emails: ["ops@shop.example"],
    isTermsAgreed: true,
    challenges: ["http-01", "tls-alpn-01"],
    keyType: "ecdsa-p256",
    externalAccount: null,
    caPem: null,
    renewBeforeMs: null,
    ...issuer,
  };
  const id = JSON.stringify([plan.name, plan.directory, plan.keyType, names]);
  return { id, issuer: plan, names, challenges: plan.challenges };
}

const stateOf = (service: AcmeService, { id }: AcmeRequest): AcmeCertificateState | undefined =>
  service.states.certificates.get(id);

async function becomes(what: string, ask: () => boolean): Promise<void> {
  assert.ok(await becomesTrue(ask, 20_000), `not in time: ${what}; ${logs.join("\n")}`);
}

const isIssued = (service: AcmeService, wanted: AcmeRequest) => (): boolean =>
  stateOf(service, wanted)?.issued != null && !stateOf(service, wanted)!.isOrdering;

const hasFailed = (service: AcmeService, wanted: AcmeRequest) => (): boolean =>
  stateOf(service, wanted)?.problem != null && !stateOf(service, wanted)!.isOrdering;

async function issue(service: AcmeService, wanted: AcmeRequest): Promise<X509Certificate> {
  await service.want([wanted]);
  await becomes("issued", isIssued(service, wanted));
  return new X509Certificate(stateOf(service, wanted)!.issued!.certificatePem);
}

/** Moves the clock in steps of an hour, as timers are set, and lets what they start come to its end. */
async function advance(service: AcmeService, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= HOUR_MS) {
    clock.advance(Math.min(left, HOUR_MS));
    await becomes("at rest", () =>
      [...service.states.certificates.values()].every(({ isOrdering }) => !isOrdering),
    );
  }
}

const files = (name: string): string[] =>
  readdirSync(path.join(folder, name)).map((file) => path.join(folder, name, file));

test("a certificate is ordered for all names, with its account and key in files that only their owner reads", async () => {
  await using server = await openServer();
  const service = openService();
  const wanted = request(server, ["shop.example", "www.shop.example"]);
  const certificate = await issue(service, wanted);
  assert.equal(certificate.subjectAltName, "DNS:shop.example, DNS:www.shop.example");
  assert.deepEqual(server.mistakes, []);
  assert.equal(server.orders.length, 1);
  assert.deepEqual(server.orders[0]!.validated, ["http-01 shop.example", "http-01 www.shop.example"]);
  assert.deepEqual(server.contacts, [["mailto:ops@shop.example"]]);
  assert.equal(service.states.issuers.get("default/ca")?.account, `${server.origin}/account/1`);
  assert.deepEqual(service.challenges, []);

  const kept = [...files("accounts"), ...files("certificates")];
  assert.equal(kept.length, 2);
  for (const file of kept) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  for (const name of ["accounts", "certificates"])
    assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o700);
  // Neither log nor states but the certificate's own hold a key.
  const secrets = kept.flatMap((file) => readFileSync(file, "utf8").match(/MIG[A-Za-z0-9+/]{40}/g) ?? []);
  assert.ok(secrets.length >= 2);
  for (const secret of secrets) assert.ok(!logs.join("\n").includes(secret));
});

test("a restart orders nothing, and has the certificate before anything is in force", async () => {
  await using server = await openServer();
  const wanted = request(server, ["shop.example"]);
  const first = openService();
  const certificate = await issue(first, wanted);
  first.close();
  const asked = server.asked.get("newOrder");

  const second = openService();
  assert.equal(await second.want([wanted]), true);
  const again = new X509Certificate(stateOf(second, wanted)!.issued!.certificatePem);
  assert.equal(again.fingerprint256, certificate.fingerprint256);
  await advance(second, 10 * DAY_MS);
  assert.equal(server.asked.get("newOrder"), asked);

  // And the account's key is the old one.
  await issue(second, request(server, ["other.example"]));
  assert.equal(server.accounts.size, 1);
  assert.equal(server.asked.get("newAccount"), 1);
  assert.deepEqual(server.mistakes, []);
});

test("who asks for the same certificate shares one order, and asking again orders nothing", async () => {
  await using server = await openServer({ slowReads: 2 });
  const service = openService();
  const wanted = request(server, ["shop.example"]);
  await Promise.all([service.want([wanted, wanted]), service.want([wanted]), service.want([wanted])]);
  await becomes("processing", () => server.orders[0]?.status === "processing");
  await service.want([wanted]);
  await becomes("issued", () => {
    clock.advance(1_000);
    return isIssued(service, wanted)();
  });
  await service.want([wanted]);
  assert.equal(server.asked.get("newOrder"), 1);
  assert.equal(server.asked.get("newAccount"), 1);
});

test("certificates of one issuer share an account that is made once", async () => {
  await using server = await openServer();
  const service = openService();
  const all = ["a", "b", "c", "d", "e", "f"].map((name) => request(server, [`${name}.example`]));
  await service.want(all);
  await becomes("all issued", () => all.every((one) => isIssued(service, one)()));
  assert.equal(server.asked.get("newAccount"), 1);
  assert.equal(server.orders.length, 6);
  assert.deepEqual(server.mistakes, []);
});

test("with a third of its life left a certificate is renewed, and the old one serves until then", async () => {
  await using server = await openServer({ lifeMs: 90 * DAY_MS });
  const service = openService();
  const wanted = request(server, ["shop.example"]);
  const first = await issue(service, wanted);
  const { renewAtMs, notAfterMs } = stateOf(service, wanted)!.issued!;
  const leftDays = (notAfterMs - renewAtMs) / DAY_MS;
  assert.ok(leftDays >= 29.9 && leftDays <= 32, `${leftDays} days`);

  await advance(service, renewAtMs - clock.wallMs() - HOUR_MS);
  assert.equal(server.orders.length, 1);
  await advance(service, 2 * HOUR_MS);
  assert.equal(server.orders.length, 2);
  const second = new X509Certificate(stateOf(service, wanted)!.issued!.certificatePem);
  assert.notEqual(second.fingerprint256, first.fingerprint256);
  assert.notEqual(second.publicKey.export({ format: "jwk" }).x, first.publicKey.export({ format: "jwk" }).x);
  // At no time was there none.
  assert.ok(stateOf(service, wanted)!.issued !== null);
});

test("renewBefore says when to renew", async () => {
  await using server = await openServer({ lifeMs: 90 * DAY_MS });
  const service = openService();
  const wanted = request(server, ["shop.example"], { renewBeforeMs: 10 * DAY_MS });
  await issue(service, wanted);
  const { renewAtMs, notAfterMs } = stateOf(service, wanted)!.issued!;
  const leftDays = (notAfterMs - renewAtMs) / DAY_MS;
  assert.ok(leftDays >= 10 && leftDays <= 11.8, `${leftDays} days`);
});

test("a failed order says what the CA said and when it is tried again: later each time, with the other challenge", async () => {
  await using server = await openServer();
  server.refusedNames.set("shop.example", "nobody answers at 192.0.2.1");
  const service = openService();
  const wanted = request(server, ["shop.example"]);
  await service.want([wanted]);
  await becomes("failed", hasFailed(service, wanted));
  const state = stateOf(service, wanted)!;
  assert.equal(state.problem, "shop.example: http-01: unauthorized: nobody answers at 192.0.2.1");
  const pauseMs = state.nextTryMs! - clock.wallMs();
  assert.ok(pauseMs >= 1.8 * MINUTE_MS && pauseMs <= 2.2 * MINUTE_MS, `${pauseMs} ms`);

  clock.advance(pauseMs - 1);
  assert.equal(server.orders.length, 1);
  clock.advance(1);
  await becomes("tried again", () => server.orders.length === 2 && hasFailed(service, wanted)());
  assert.match(stateOf(service, wanted)!.problem!, /^shop\.example: tls-alpn-01: /);
  const secondMs = stateOf(service, wanted)!.nextTryMs! - clock.wallMs();
  assert.ok(secondMs >= 3.6 * MINUTE_MS && secondMs <= 4.4 * MINUTE_MS, `${secondMs} ms`);

  server.refusedNames.clear();
  clock.advance(secondMs);
  await becomes("issued", isIssued(service, wanted));
  assert.equal(stateOf(service, wanted)!.problem, null);
  assert.deepEqual(server.mistakes, []);
  assert.deepEqual(service.challenges, []);
});

test("a failure is known after a restart: it does not order at once again", async () => {
  await using server = await openServer();
  server.refusedNames.set("shop.example", "no");
  const wanted = request(server, ["shop.example"]);
  const first = openService();
  await first.want([wanted]);
  await becomes("failed", () => hasFailed(first, wanted)() && files("certificates").length === 1);
  await becomes("kept", () => readFileSync(files("certificates")[0]!, "utf8").includes('"failures": 1'));
  first.close();

  const second = openService();
  assert.equal(await second.want([wanted]), true);
  assert.match(stateOf(second, wanted)!.problem!, /unauthorized/);
  assert.equal(server.orders.length, 1);
  // Changed settings of the issuer are a reason to try at once.
  server.refusedNames.clear();
  await second.want([request(server, ["shop.example"], { challenges: ["tls-alpn-01"] })]);
  await becomes("issued", isIssued(second, wanted));
});

test("a Retry-After that is longer than our own pause holds", async () => {
  await using server = await openServer();
  const problem = { status: 429, type: "rateLimited", detail: "too many certificates" };
  server.failNext("newOrder", { ...problem, headers: { "retry-after": "18000" } });
  const service = openService();
  const wanted = request(server, ["shop.example"]);
  await service.want([wanted]);
  await becomes("failed", hasFailed(service, wanted));
  assert.equal(stateOf(service, wanted)!.problem, "a new order: rateLimited: too many certificates");
  assert.equal(stateOf(service, wanted)!.nextTryMs, clock.wallMs() + 5 * HOUR_MS);
  await advance(service, 4 * HOUR_MS);
  assert.equal(server.orders.length, 0);
  await advance(service, 2 * HOUR_MS);
  assert.equal(server.orders.length, 1);
});

test("a refused nonce is taken for what it is: the request is sent again with the fresh one", async () => {
  await using server = await openServer();
  for (const resource of ["newAccount", "newOrder", "finalize", "order"] as const) {
    server.failNext(resource, { status: 400, type: "badNonce", detail: "try again" });
  }
  const service = openService();
  await issue(service, request(server, ["shop.example"]));
  assert.equal(server.orders.length, 1);
});

test("a CA that suggests to renew now, as before it revokes, gets its order, which names what it replaces", async () => {
  await using server = await openServer({ hasRenewalInfo: true, lifeMs: 90 * DAY_MS });
  const service = openService();
  const wanted = request(server, ["shop.example"]);
  await issue(service, wanted);
  await advance(service, 5 * DAY_MS);
  assert.equal(server.orders.length, 1);

  server.renewalWindow = { startMs: clock.wallMs() - 2 * DAY_MS, endMs: clock.wallMs() - DAY_MS };
  await advance(service, 13 * HOUR_MS);
  await becomes("renewed", () => server.orders.length === 2 && isIssued(service, wanted)());
  assert.match(server.orders[1]!.replaces!, /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
  assert.ok(logs.some((line) => line.includes(`${server.origin}/why`)));
  // It goes on to suggest: that must not become one order after the other.
  await advance(service, HOUR_MS / 2);
  assert.equal(server.orders.length, 2);
  assert.deepEqual(server.mistakes, []);
});

test("a CA that suggests to renew later is asked for the certificate then", async () => {
  await using server = await openServer({ hasRenewalInfo: true, lifeMs: 90 * DAY_MS });
  const service = openService();
  const wanted = request(server, ["shop.example"]);
  const atMs = clock.wallMs() + 80 * DAY_MS;
  server.renewalWindow = { startMs: atMs, endMs: atMs + DAY_MS };
  await issue(service, wanted);
  await becomes("asked", () => stateOf(service, wanted)!.issued!.renewAtMs >= atMs);
  await advance(service, 79 * DAY_MS);
  assert.equal(server.orders.length, 1);
  await advance(service, 3 * DAY_MS);
  await becomes("renewed", () => server.orders.length === 2);
});

test("an expired certificate is not shown, and ordered anew", async () => {
  await using server = await openServer({ lifeMs: 2 * DAY_MS });
  const wanted = request(server, ["shop.example"]);
  const first = openService();
  await issue(first, wanted);
  first.close();
  clock.advance(3 * DAY_MS);

  server.refusedNames.set("shop.example", "no");
  const second = openService();
  await second.want([wanted]);
  assert.equal(stateOf(second, wanted)!.issued, null);
  await becomes("failed", hasFailed(second, wanted));
  server.refusedNames.clear();
  await advance(second, HOUR_MS);
  assert.ok(isIssued(second, wanted)());
});

test("a certificate that expires while it cannot be renewed stops to be shown, and that is told", async () => {
  await using server = await openServer({ lifeMs: 3 * HOUR_MS });
  const service = openService();
  const wanted = request(server, ["shop.example"]);
  await issue(service, wanted);
  server.refusedNames.set("shop.example", "no");
  await advance(service, 2.9 * HOUR_MS);
  assert.ok(stateOf(service, wanted)!.issued !== null);
  const before = told.length;
  await advance(service, HOUR_MS);
  assert.equal(stateOf(service, wanted)!.issued, null);
  assert.ok(told.length > before);
});

test("a damaged certificate file is kept aside and a new certificate ordered", async () => {
  await using server = await openServer();
  const wanted = request(server, ["shop.example"]);
  const first = openService();
  await issue(first, wanted);
  first.close();
  const [file = ""] = files("certificates");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.slice(0, text.length / 2));

  const second = openService();
  await issue(second, wanted);
  assert.equal(server.orders.length, 2);
  assert.equal(server.accounts.size, 1);
  assert.equal(readFileSync(`${file}.damaged`, "utf8"), text.slice(0, text.length / 2));
  assert.ok(
    logs.some((line) => /^error the certificate for shop\.example .* is damaged \(not JSON\)/.test(line)),
  );
});

test("a key that does not fit its certificate is damage too", async () => {
  await using server = await openServer();
  const first = openService();
  const [one, other] = [request(server, ["one.example"]), request(server, ["other.example"])];
  await issue(first, one);
  const [file = ""] = files("certificates");
  await issue(first, other);
  first.close();
  const otherFile = files("certificates").find((name) => name !== file)!;
  type Kept = { issued: { keyPem: string } };
  const [record, donor] = [file, otherFile].map((name) => JSON.parse(readFileSync(name, "utf8")) as Kept) as [
    Kept,
    Kept,
  ];
  record.issued.keyPem = donor.issued.keyPem;
  writeFileSync(file, JSON.stringify(record));

  const second = openService();
  await second.want([one]);
  await becomes("issued", isIssued(second, one));
  assert.equal(server.orders.length, 3);
  assert.ok(logs.some((line) => line.includes("is damaged (a certificate for another key)")));
});

test("a damaged account file makes a new account", async () => {
  await using server = await openServer();
  const first = openService();
  await issue(first, request(server, ["one.example"]));
  first.close();
  const [file = ""] = files("accounts");
  writeFileSync(
    file,
    JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), keyPem: "lost" }),
  );

  const second = openService();
  await issue(second, request(server, ["two.example"]));
  assert.equal(server.accounts.size, 2);
  assert.ok(logs.some((line) => line.includes("is damaged (keyPem is no key of an account)")));
});

test("what cannot be read for another reason makes no order: it might be one after the other", async () => {
  await using server = await openServer();
  const first = openService();
  const wanted = request(server, ["shop.example"]);
  await issue(first, wanted);
  first.close();
  const [file = ""] = files("certificates");
  const text = readFileSync(file, "utf8");
  rmSync(file);
  mkdirSync(file);

  const second = openService();
  await second.want([wanted]);
  await becomes("failed", hasFailed(second, wanted));
  assert.match(stateOf(second, wanted)!.problem!, /cannot be read: EISDIR/);
  rmSync(file, { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
  await advance(second, HOUR_MS);
  assert.ok(isIssued(second, wanted)());
  assert.equal(server.orders.length, 1);
});

test("files that others could read are closed to them, with a warning", async () => {
  await using server = await openServer();
  const first = openService();
  const wanted = request(server, ["shop.example"]);
  await issue(first, wanted);
  first.close();
  const [file = ""] = files("certificates");
  writeFileSync(file, readFileSync(file), { mode: 0o644 });
  const { chmodSync } = await import("node:fs");
  chmodSync(file, 0o644);
  const second = openService();
  await second.want([wanted]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(logs.some((line) => line.startsWith("warn ") && line.includes("could be read by others")));
  assert.ok(isIssued(second, wanted)());
});

test("an order that a restart interrupted is taken up again, not made again", async () => {
  await using server = await openServer({ slowReads: 1 });
  const wanted = request(server, ["shop.example"]);
  const first = openService();
  await first.want([wanted]);
  await becomes("processing", () => server.orders[0]?.status === "processing");
  first.close();
  await becomes("at an end", () => clock.pendingTimers === 0);

  const second = openService();
  await second.want([wanted]);
  await becomes("issued", () => {
    clock.advance(1_000);
    return isIssued(second, wanted)();
  });
  assert.equal(server.orders.length, 1);
  assert.deepEqual(server.mistakes, []);
  assert.ok(!logs.some((line) => line.startsWith("error")), logs.join("\n"));
});

test("a CA that forgot the account gets the same key again", async () => {
  await using server = await openServer();
  const service = openService();
  await issue(service, request(server, ["one.example"]));
  const [thumbprint] = server.accounts.keys();
  server.forgetAccounts();
  const wanted = request(server, ["two.example"]);
  await service.want([wanted]);
  await becomes("failed", hasFailed(service, wanted));
  assert.match(stateOf(service, wanted)!.problem!, /accountDoesNotExist/);
  await advance(service, HOUR_MS);
  assert.ok(isIssued(service, wanted)());
  assert.deepEqual([...server.accounts.keys()], [thumbprint]);
});

test("terms are agreed to only where the issuer says so", async () => {
  await using server = await openServer({ termsOfService: "https://ca.example/terms" });
  const service = openService();
  const refused = request(server, ["shop.example"], { isTermsAgreed: false });
  await service.want([refused]);
  await becomes("failed", hasFailed(service, refused));
  assert.match(
    stateOf(service, refused)!.problem!,
    /https:\/\/ca\.example\/terms.*termsOfServiceAgreed: true/,
  );
  assert.match(service.states.issuers.get("default/ca")!.problem!, /terms/);
  assert.equal(server.accounts.size, 0);
  // Mended, it is tried at once.
  const agreed = request(server, ["shop.example"]);
  await issue(service, agreed);
  assert.equal(service.states.issuers.get("default/ca")!.problem, null);
});

test("an account is bound to one that the CA knows otherwise", async () => {
  const hmacKey = Buffer.from("a key that the CA gave to its customer").toString("base64url");
  await using server = await openServer({ externalAccounts: { "kid-1": hmacKey } });
  const service = openService();
  const without = request(server, ["shop.example"]);
  await service.want([without]);
  await becomes("failed", hasFailed(service, without));
  assert.match(stateOf(service, without)!.problem!, /externalAccountBinding/);
  assert.equal(server.asked.get("newAccount"), undefined);

  await issue(service, request(server, ["shop.example"], { externalAccount: { keyId: "kid-1", hmacKey } }));
  assert.equal(server.accounts.size, 1);
  assert.deepEqual(server.mistakes, []);
});

test("a changed address of the account's owner is told the CA", async () => {
  await using server = await openServer();
  const service = openService();
  await issue(service, request(server, ["shop.example"]));
  await issue(service, request(server, ["other.example"], { emails: ["new@shop.example"] }));
  assert.deepEqual(server.contacts, [["mailto:ops@shop.example"], ["mailto:new@shop.example"]]);
  assert.equal(server.accounts.size, 1);
});

for (const keyType of ["ecdsa-p384", "rsa-2048"] as const) {
  test(`a certificate of a key ${keyType}`, async () => {
    await using server = await openServer();
    const service = openService();
    const { publicKey } = await issue(service, request(server, ["shop.example"], { keyType }));
    const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails!;
    assert.equal(namedCurve ?? modulusLength, keyType === "rsa-2048" ? 2_048 : "secp384r1");
  });
}

test("more orders than a CA takes wait for their time", async () => {
  await using server = await openServer();
  const service = openService();
  await issue(service, request(server, ["shop.example"]));
  service.close();
  const [file = ""] = files("accounts");
  const record = JSON.parse(readFileSync(file, "utf8")) as { ordersMs: number[] };
  record.ordersMs = Array.from({ length: 250 }, (_, at) => clock.wallMs() - HOUR_MS + at);
  writeFileSync(file, JSON.stringify(record), { mode: 0o600 });

  const second = openService();
  const wanted = request(server, ["other.example"]);
  await second.want([wanted]);
  await becomes("failed", hasFailed(second, wanted));
  assert.match(stateOf(second, wanted)!.problem!, /250 orders in three hours, limit 250/);
  assert.equal(stateOf(second, wanted)!.nextTryMs, clock.wallMs() + 2 * HOUR_MS);
  assert.equal(server.orders.length, 1);
  await advance(second, 2 * HOUR_MS + MINUTE_MS);
  assert.ok(isIssued(second, wanted)());
});

test("a certificate that nobody wants any more is not renewed, and is there when it is wanted again", async () => {
  await using server = await openServer({ lifeMs: 3 * DAY_MS });
  const service = openService();
  const wanted = request(server, ["shop.example"]);
  await issue(service, wanted);
  await service.want([]);
  assert.equal(service.states.certificates.size, 0);
  clock.advance(DAY_MS);
  assert.equal(clock.pendingTimers, 0);
  assert.equal(await service.want([wanted]), true);
  assert.ok(stateOf(service, wanted)!.issued !== null);
  assert.equal(server.orders.length, 1);
});
