import type { ClockTimer } from "@heddle/engine/base";
import type { AcmeCertificateState, AcmeRequest } from "../compile/index.ts";
import type { Account } from "./account.ts";
import type { AcmeClient } from "./acme-client.ts";
import { AcmeError } from "./acme-error.ts";
import { challengeUnit } from "./challenge-unit.ts";
import type { ChallengeBoard } from "./challenge-board.ts";
import { makeKeyPem, readKey } from "./certificate-key.ts";
import { makeSigningRequest, renewalId } from "./certificate-requests.ts";
import type { AcmeContext } from "./context.ts";
import { chainBlocks, readChain, type ChainFacts } from "./issued-chain.ts";
import { orderCertificate } from "./order-certificate.ts";
import {
  certificateFile,
  digest,
  parseCertificateRecord,
  type CertificateRecord,
  type IssuedRecord,
} from "./records.ts";
import { readRenewalInfo } from "./renewal-info.ts";
import { chooseInWindow, chooseRenewal, chooseRetryDelay, earliestRenewal } from "./schedule.ts";
import type { Slots } from "./slots.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";

export interface KeeperParts extends AcmeContext {
  readonly account: Account;
  readonly board: ChallengeBoard;
  readonly slots: Slots;
  /** Its state is another. */
  onChanged(): void;
  /** Whether it may order and write; false while another process does. */
  mayAct(): boolean;
}

/** Timers look at the wall clock at least this often: it may jump, and the machine may sleep. */
const MAX_SLEEP_MS = 3600_000;

/**
 * Keeps one certificate: orders it, renews it in time, tries again after a failure, and has all of it in one file,
 * so that a restart goes on where the process ended.
 *
 *   loaded ─► idle ─(due)─► ordering ─► idle until renewal         due: no certificate, or time to renew, and
 *                               └─ failed ─► idle until next try        no wait after a failure is left
 */
export class CertificateKeeper {
  private request: AcmeRequest;
  private readonly parts: KeeperParts;
  private readonly file: string;
  private record: CertificateRecord;
  private facts: ChainFacts | null = null;
  private isOrdering = false;
  private isLoaded = false;
  private readonly end = new AbortController();
  /** Fires when nobody wants the certificate any more, and at the end of the process. */
  private readonly signal: AbortSignal;
  private isUnsaved = false;
  /** Writes come one after the other: the last one is the newest. */
  private saving: Promise<void> = Promise.resolve();
  private nextInfoMs = 0;
  private timer: ClockTimer | null = null;

  constructor(request: AcmeRequest, parts: KeeperParts) {
    this.request = request;
    this.parts = parts;
    this.signal = AbortSignal.any([parts.signal, this.end.signal]);
    const { id, issuer, names } = request;
    this.file = certificateFile(parts.folder, id, names);
    this.record = {
      version: 1,
      id,
      issuer: issuer.name,
      names,
      issued: null,
      order: null,
      failures: 0,
      problem: null,
      nextTryMs: 0,
      triedWith: "",
    };
  }

  get state(): AcmeCertificateState {
    const { issued, problem, nextTryMs } = this.record;
    const isUsable = issued !== null && this.facts !== null && this.nowMs < this.facts.notAfterMs;
    return {
      issued: isUsable
        ? {
            certificatePem: chainBlocks(issued.chainPem).join("\n"),
            privateKeyPem: issued.keyPem,
            notAfterMs: this.facts!.notAfterMs,
            renewAtMs: issued.renewAtMs,
          }
        : null,
      isOrdering: this.isOrdering,
      problem,
      nextTryMs: problem === null ? null : nextTryMs,
    };
  }

  /** Reads what is there of before. Never rejects: what cannot be read is tried again. */
  async load(): Promise<void> {
    try {
      await this.read();
      this.isLoaded = true;
    } catch (error) {
      // To order without knowing what there is would be to order again and again.
      this.fail(new AcmeError(`${this.file} cannot be read: ${(error as Error).message}`, { cause: error }));
    }
  }

  /** The same certificate under other settings of its issuer: what failed is tried again at once. */
  update(request: AcmeRequest): void {
    this.request = request;
    if (this.isLoaded && this.forgive()) this.wake();
  }

  /** What failed under other settings need not wait. */
  private forgive(): boolean {
    const { triedWith, nextTryMs } = this.record;
    if (nextTryMs === 0 || triedWith === "" || triedWith === this.settings) return false;
    this.record = { ...this.record, nextTryMs: 0 };
    return true;
  }

  private get settings(): string {
    return digest([JSON.stringify(this.request)]);
  }

  close(): void {
    this.end.abort();
    this.timer?.cancel();
  }

  /** Resolves when what there is to be kept is in the file. */
  get saved(): Promise<void> {
    return this.saving;
  }

  private get nowMs(): number {
    return this.parts.clock.wallMs();
  }

  private get name(): string {
    return this.request.names.join(", ");
  }

  private async read(): Promise<void> {
    const { log } = this.parts;
    const { id, names, issuer } = this.request;
    const read = await readStateFile(this.file, (value) => {
      const record = parseCertificateRecord(value);
      if (record.id !== id) throw new Error("it is of another certificate");
      const facts = record.issued && readChain(record.issued.chainPem, record.issued.keyPem, names);
      return { record, facts };
    });
    if (read.kind === "damaged") {
      const what = `the certificate for ${this.name} of AcmeIssuer ${issuer.name} is damaged (${read.mistake})`;
      log("error", `${what}; it is kept as ${read.asideAs}, and a new one is ordered`);
    }
    if (read.kind !== "read") return;
    if (read.wasOpen)
      log("warn", `${this.file} could be read by others, which is mended: its key may be known`);
    this.record = read.value.record;
    this.facts = read.value.facts;
    this.forgive();
  }

  /** Does what is due now, or sleeps until something is. First called after `load`. */
  wake(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.signal.aborted || this.isOrdering || !this.parts.mayAct()) return;
    const { nowMs } = this;
    if (this.isUnsaved) void this.save();
    const { issued, nextTryMs } = this.record;
    const isDue = issued === null || this.facts === null || nowMs >= issued.renewAtMs;
    if (isDue && nowMs >= nextTryMs) {
      void this.attempt();
      return;
    }
    if (!isDue && nowMs >= this.nextInfoMs) {
      void this.askRenewalInfo();
      return;
    }
    const dueMs = isDue ? nextTryMs : Math.min(issued.renewAtMs, this.nextInfoMs);
    // An expiry changes the state: the certificate is not shown any more.
    const expiryMs = this.facts !== null && this.facts.notAfterMs > nowMs ? this.facts.notAfterMs : dueMs;
    const sleepMs = Math.min(MAX_SLEEP_MS, Math.max(1, Math.min(dueMs, expiryMs) - nowMs));
    const wasUsable = this.state.issued !== null;
    this.timer = this.parts.clock.after(sleepMs, () => {
      if (wasUsable && this.state.issued === null) this.parts.onChanged();
      this.wake();
    });
  }

  private async attempt(): Promise<void> {
    const { parts, signal } = this;
    this.isOrdering = true;
    parts.onChanged();
    try {
      if (this.isLoaded) await parts.slots.run(() => this.order());
      else await this.load();
      this.isOrdering = false;
    } catch (error) {
      this.isOrdering = false;
      if (signal.aborted) return;
      this.fail(error);
      void this.save();
    }
    if (signal.aborted) return;
    parts.onChanged();
    this.wake();
  }

  private async order(): Promise<void> {
    this.signal.throwIfAborted();
    const { signal } = this;
    const { account, log } = this.parts;
    let client: AcmeClient;
    try {
      client = await account.open();
    } finally {
      this.parts.onChanged();
    }
    const kept = this.record.order;
    const keyPem = kept?.keyPem ?? (await makeKeyPem(this.request.issuer.keyType));
    try {
      const chainPem = await this.run(client, keyPem);
      signal.throwIfAborted();
      const facts = this.check(chainPem, keyPem);
      const wasIssued = this.record.issued !== null;
      await this.take(chainPem, keyPem, facts);
      log("info", `certificate for ${this.name} ${wasIssued ? "renewed" : "issued"}`, {
        issuer: this.request.issuer.name,
        until: new Date(facts.notAfterMs).toISOString(),
      });
    } catch (error) {
      if (error instanceof AcmeError && error.is("accountDoesNotExist")) account.forget();
      throw error;
    }
  }

  private run(client: AcmeClient, keyPem: string): Promise<string> {
    const { signal } = this;
    const { account, board, clock } = this.parts;
    const { names, challenges } = this.request;
    const { order, failures, issued } = this.record;
    return orderCertificate({
      client,
      names,
      // After a failure another kind is tried first: a port that is closed to the CA stays closed.
      challenges: rotate(challenges, failures),
      resume: order === null ? null : new URL(order.url),
      replaces: issued === null ? null : renewalId(chainBlocks(issued.chainPem)[0]!),
      clock,
      signal,
      admit: () => account.admitOrder(),
      onOrder: async (url) => {
        this.record = { ...this.record, order: { url, keyPem } };
        await this.save();
      },
      signingRequest: async () => makeSigningRequest(names, await readKey(keyPem)),
      answer: (type, hostname, token) =>
        challengeUnit(type, hostname, token, client.keyAuthorization(token), this.nowMs),
      publish: (units) => board.publish(units),
      retract: (units) => board.retract(units),
    });
  }

  private check(chainPem: string, keyPem: string): ChainFacts {
    try {
      return readChain(chainPem, keyPem, this.request.names);
    } catch (error) {
      this.record = { ...this.record, order: null };
      throw new AcmeError(`the CA sent ${(error as Error).message}`, { cause: error });
    }
  }

  private async take(chainPem: string, keyPem: string, facts: ChainFacts): Promise<void> {
    const { issuer } = this.request;
    const renewAtMs = Math.max(
      chooseRenewal(facts, issuer.renewBeforeMs, this.parts.random),
      earliestRenewal(this.nowMs, facts.notAfterMs - facts.notBeforeMs),
    );
    const issued: IssuedRecord = { chainPem, keyPem, issuedMs: this.nowMs, renewAtMs, window: null };
    this.facts = facts;
    this.record = { ...this.record, issued, order: null, failures: 0, problem: null, nextTryMs: 0 };
    this.nextInfoMs = 0;
    await this.save();
  }

  private fail(error: unknown): void {
    const { random, log } = this.parts;
    const failures = this.record.failures + 1;
    const retryAfterMs = error instanceof AcmeError ? error.retryAfterMs : null;
    const nextTryMs = this.nowMs + chooseRetryDelay(failures, retryAfterMs, random);
    const problem = (error as Error).message;
    // An order that was refused for good is not taken up again; one that could not be reached is.
    const isOver = error instanceof AcmeError && error.problem !== null && !error.is("rateLimited");
    const order = isOver ? null : this.record.order;
    const triedWith = retryAfterMs === null ? this.settings : "";
    this.record = { ...this.record, order, failures, problem, nextTryMs, triedWith };
    log("error", `no certificate for ${this.name}: ${problem}`, {
      issuer: this.request.issuer.name,
      failures,
      nextTry: new Date(nextTryMs).toISOString(),
    });
  }

  /** A certificate that cannot be kept is used all the same; a restart would order it again. */
  private save(): Promise<void> {
    this.saving = this.saving.then(() => this.write());
    return this.saving;
  }

  private async write(): Promise<void> {
    try {
      await writeStateFile(this.file, this.record);
      this.isUnsaved = false;
    } catch (error) {
      this.isUnsaved = true;
      this.parts.log("error", `${this.file} cannot be written: ${(error as Error).message}`);
    }
  }

  /** RFC 9773: the CA may want it renewed earlier, before a mass revocation, or later. */
  private async askRenewalInfo(): Promise<void> {
    const { signal } = this;
    const { account, random, log } = this.parts;
    this.nextInfoMs = this.nowMs + MAX_SLEEP_MS;
    try {
      const issued = this.record.issued!;
      const info = await readRenewalInfo(await account.open(), chainBlocks(issued.chainPem)[0]!);
      this.nextInfoMs = this.nowMs + info.askAgainMs;
      const { window } = info;
      if (signal.aborted || this.record.issued !== issued) return;
      if (window !== null && !isSameWindow(window, issued.window)) {
        const earliestMs = earliestRenewal(issued.issuedMs, this.facts!.notAfterMs - this.facts!.notBeforeMs);
        const renewAtMs = Math.max(chooseInWindow(window, random), earliestMs);
        this.record = { ...this.record, issued: { ...issued, window, renewAtMs } };
        const reason = info.explanation === "" ? {} : { reason: info.explanation };
        log("info", `the CA suggests when to renew the certificate for ${this.name}`, {
          at: new Date(renewAtMs).toISOString(),
          ...reason,
        });
        await this.save();
        this.parts.onChanged();
      }
    } catch (error) {
      if (signal.aborted) return;
      log("warn", `no renewal information for ${this.name}: ${(error as Error).message}`);
    }
    this.wake();
  }
}

function rotate<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

const isSameWindow = (a: { startMs: number; endMs: number }, b: IssuedRecord["window"]): boolean =>
  b !== null && a.startMs === b.startMs && a.endMs === b.endMs;
