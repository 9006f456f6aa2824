import type { AcmeIssuerPlan, AcmeIssuerState } from "../compile/index.ts";
import { AccountKey } from "./account-key.ts";
import { AcmeClient } from "./acme-client.ts";
import { AcmeError } from "./acme-error.ts";
import type { AcmeContext } from "./context.ts";
import { accountFile, parseAccountRecord, type AccountRecord } from "./records.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";
import { AcmeTransport } from "./transport.ts";

const LIMIT_WINDOW_MS = 3 * 3600_000;
/** New orders of an account in three hours. Let's Encrypt allows 300. */
const MAX_ORDERS = 250;

/**
 * The account of an AcmeIssuer at its CA, with its key in a file of its own. One client and one registration serve
 * all its certificates, however many ask at once.
 */
export class Account {
  private readonly issuer: AcmeIssuerPlan;
  private readonly context: AcmeContext;
  private readonly file: string;
  private record: AccountRecord | null = null;
  private transport: AcmeTransport | null = null;
  private opening: Promise<AcmeClient> | null = null;
  private problem: string | null = null;

  constructor(issuer: AcmeIssuerPlan, context: AcmeContext) {
    this.issuer = issuer;
    this.context = context;
    this.file = accountFile(context.folder, issuer.name, issuer.directory);
  }

  get state(): AcmeIssuerState {
    return { account: this.record?.url ?? null, problem: this.problem };
  }

  /** A client whose account the CA knows. Rejects with AcmeError; then the next call tries again. */
  open(): Promise<AcmeClient> {
    this.opening ??= this.register().then(
      (client) => {
        this.problem = null;
        return client;
      },
      (error: unknown) => {
        this.opening = null;
        this.problem = (error as Error).message;
        throw error;
      },
    );
    return this.opening;
  }

  /** The CA does not know the account any more: the next `open` registers the same key again. */
  forget(): void {
    this.opening = null;
    if (this.record !== null) this.record = { ...this.record, url: null };
  }

  private async register(): Promise<AcmeClient> {
    const { issuer, context } = this;
    this.record ??= await this.load();
    const contact = issuer.emails.map((email) => `mailto:${email}`);
    const directory = new URL(issuer.directory);
    const caPem = issuer.caPem ?? (directory.protocol === "https:" ? context.systemCaPem() : null);
    this.transport ??= new AcmeTransport(directory, { caPem, signal: context.signal });
    const key = await AccountKey.parse(this.record.keyPem);
    const client = new AcmeClient(directory, this.transport, key, () => context.clock.wallMs());
    const { isTermsAgreed, externalAccount } = issuer;
    if (this.record.url === null) {
      const url = await client.register({ contact, isTermsAgreed, externalAccount });
      await this.save({ ...this.record, url, contact });
      context.log("info", `ACME account of AcmeIssuer ${issuer.name} is ready`, { account: url });
      return client;
    }
    client.account = this.record.url;
    if (!isSameList(contact, this.record.contact)) {
      await client.post(new URL(this.record.url), { contact }, "the account");
      await this.save({ ...this.record, contact });
    }
    return client;
  }

  /** The account of before, or a new key. */
  private async load(): Promise<AccountRecord> {
    const { issuer, context, file } = this;
    const parse = async (value: unknown): Promise<AccountRecord> => {
      const record = parseAccountRecord(value);
      await AccountKey.parse(record.keyPem).catch(() => {
        throw new Error("keyPem is no key of an account");
      });
      if (record.url !== null && new URL(record.url).origin !== new URL(issuer.directory).origin) {
        throw new Error("url is not at the directory's origin");
      }
      return record;
    };
    const read = await readStateFile(file, parse);
    if (read.kind === "read") {
      if (read.wasOpen)
        context.log("warn", `${file} could be read by others, which is mended: change the account's key`);
      return read.value;
    }
    if (read.kind === "damaged") {
      const what = `the ACME account of AcmeIssuer ${issuer.name} is damaged (${read.mistake})`;
      context.log("error", `${what}; it is kept as ${read.asideAs}, and a new account is made`);
    }
    const record: AccountRecord = {
      version: 1,
      issuer: issuer.name,
      directory: issuer.directory,
      keyPem: (await AccountKey.generate()).toPem(),
      url: null,
      contact: [],
      ordersMs: [],
    };
    // Before the CA knows it: a key that was lost behind a registration would leave an account without owner.
    await this.save(record);
    return record;
  }

  private async save(record: AccountRecord): Promise<void> {
    this.record = record;
    await writeStateFile(this.file, record).catch((error: unknown) => {
      throw new AcmeError(`${this.file} cannot be written: ${(error as Error).message}`, { cause: error });
    });
  }

  /**
   * Counts a new order, on disk, so that a process that begins again and again does not order without end. Throws
   * where there were too many of late, or they cannot be counted.
   */
  async admitOrder(): Promise<void> {
    const record = this.record!;
    const nowMs = this.context.clock.wallMs();
    const recent = record.ordersMs.filter((ms) => ms <= nowMs && ms > nowMs - LIMIT_WINDOW_MS);
    if (recent.length >= MAX_ORDERS) {
      const retryAfterMs = recent[0]! + LIMIT_WINDOW_MS - nowMs;
      throw new AcmeError(`${recent.length} orders in three hours, limit ${MAX_ORDERS}; more must wait`, {
        retryAfterMs,
      });
    }
    await this.save({ ...record, ordersMs: [...recent, nowMs] });
  }

  close(): void {
    this.transport?.close();
  }
}

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at]);
