import { AcmeError, describeProblem, readProblem } from "./acme-error.ts";
import type { AccountKey } from "./account-key.ts";
import { checkServerUrl } from "./acme-url.ts";
import { parseRetryAfter } from "./retry-after.ts";
import type { AcmeAnswer, AcmeTransport } from "./transport.ts";

/** The server's directory (RFC 8555 section 7.1.1), with URLs that may be asked. */
export interface Directory {
  readonly newNonce: URL;
  readonly newAccount: URL;
  readonly newOrder: URL;
  /** RFC 9773; null where the server has none. */
  readonly renewalInfo: URL | null;
  /** "" where there are none to agree to. */
  readonly termsOfService: string;
  readonly isExternalAccountRequired: boolean;
}

/** A resource of the server's, as it was read. */
export interface AcmeResource {
  /** Its own URL: what was asked, or where it was made. */
  readonly url: URL;
  readonly value: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | null;
}

/** The server may refuse good nonces, for one too old; some do so at random, to test their clients. */
const MAX_NONCE_TRIES = 8;
/** Nonces kept for later requests. */
const MAX_NONCES = 16;

/**
 * Speaks RFC 8555 with one server for one account: signs, keeps nonces, reads problem documents. What becomes of an
 * order is `order-certificate.ts`. Every method rejects with AcmeError.
 */
export class AcmeClient {
  readonly directoryUrl: URL;
  private readonly transport: AcmeTransport;
  private readonly key: AccountKey;
  private readonly nowMs: () => number;
  private readonly nonces: string[] = [];
  private directory: Promise<Directory> | null = null;
  /** Null until the account's URL is known. */
  account: string | null = null;

  constructor(directoryUrl: URL, transport: AcmeTransport, key: AccountKey, nowMs: () => number) {
    this.directoryUrl = directoryUrl;
    this.transport = transport;
    this.key = key;
    this.nowMs = nowMs;
  }

  /** Read once; again after a failure. */
  readDirectory(): Promise<Directory> {
    this.directory ??= this.fetchDirectory().catch((error: unknown) => {
      this.directory = null;
      throw error;
    });
    return this.directory;
  }

  private async fetchDirectory(): Promise<Directory> {
    const answer = await this.transport.request("GET", this.directoryUrl);
    const value = this.read(answer, this.directoryUrl, "the directory").value;
    const url = (name: string): URL => checkServerUrl(value[name], this.directoryUrl, name);
    const meta = (typeof value["meta"] === "object" && value["meta"] !== null ? value["meta"] : {}) as Record<
      string,
      unknown
    >;
    return {
      newNonce: url("newNonce"),
      newAccount: url("newAccount"),
      newOrder: url("newOrder"),
      renewalInfo: value["renewalInfo"] === undefined ? null : url("renewalInfo"),
      termsOfService: typeof meta["termsOfService"] === "string" ? meta["termsOfService"] : "",
      isExternalAccountRequired: meta["externalAccountRequired"] === true,
    };
  }

  /** A request without signature: renewal information only. */
  async get(url: URL, what: string): Promise<AcmeResource> {
    return this.read(await this.transport.request("GET", url), url, what);
  }

  /** A signed request; a null payload reads (POST-as-GET). `what` names it in errors. */
  async post(url: URL, payload: object | null, what: string): Promise<AcmeResource> {
    return this.read(await this.send(url, payload, what, this.account), url, what);
  }

  /** Makes a resource, whose URL the server gives. */
  create(url: URL, payload: object, what: string): Promise<AcmeResource> {
    return this.createAs(this.account, url, payload, what);
  }

  private async createAs(
    account: string | null,
    url: URL,
    payload: object,
    what: string,
  ): Promise<AcmeResource> {
    const answer = await this.send(url, payload, what, account);
    const made = checkServerUrl(answer.headers.location, this.directoryUrl, what);
    return this.read(answer, made, what);
  }

  /** Reads what is no JSON: a certificate chain. */
  async download(url: URL, what: string): Promise<string> {
    return (await this.send(url, null, what, this.account)).body.toString("latin1");
  }

  private async send(
    url: URL,
    payload: object | null,
    what: string,
    account: string | null,
  ): Promise<AcmeAnswer> {
    for (let tries = 1; ; tries++) {
      const nonce = await this.takeNonce();
      const body = await this.key.sign(payload, { url: url.href, nonce, account });
      const answer = await this.transport.request("POST", url, JSON.stringify(body));
      this.keepNonce(answer);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const error = this.errorOf(answer, what);
      // RFC 8555 section 6.5: the refusal carries a fresh nonce.
      if (!error.is("badNonce") || tries >= MAX_NONCE_TRIES) throw error;
    }
  }

  private async takeNonce(): Promise<string> {
    const kept = this.nonces.pop();
    if (kept !== undefined) return kept;
    const { newNonce } = await this.readDirectory();
    this.keepNonce(await this.transport.request("HEAD", newNonce));
    const fresh = this.nonces.pop();
    if (fresh === undefined) throw new AcmeError("the server gives no nonce");
    return fresh;
  }

  private keepNonce({ headers }: AcmeAnswer): void {
    const nonce = headers["replay-nonce"];
    // RFC 8555 section 6.5.1: what is not base64url is ignored.
    if (typeof nonce !== "string" || !/^[A-Za-z0-9_-]+$/.test(nonce)) return;
    if (this.nonces.length < MAX_NONCES) this.nonces.push(nonce);
  }

  private read(answer: AcmeAnswer, url: URL, what: string): AcmeResource {
    if (answer.status < 200 || answer.status > 299) throw this.errorOf(answer, what);
    const value = parseJson(answer.body);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new AcmeError(`${what}: the server's answer is no JSON object`, { status: answer.status });
    }
    return { url, value: value as Record<string, unknown>, retryAfterMs: this.retryAfterOf(answer) };
  }

  private errorOf(answer: AcmeAnswer, what: string): AcmeError {
    const { status } = answer;
    const problem = status >= 400 ? readProblem(parseJson(answer.body)) : null;
    const reason = problem === null ? `the server answers ${status}` : describeProblem(problem);
    return new AcmeError(`${what}: ${reason}`, { problem, status, retryAfterMs: this.retryAfterOf(answer) });
  }

  private retryAfterOf({ headers }: AcmeAnswer): number | null {
    return parseRetryAfter(headers["retry-after"], this.nowMs());
  }

  // The account

  /** Makes the account, or finds the one that this key has (RFC 8555 sections 7.3 and 7.3.1); its URL. */
  async register(wish: AccountWish): Promise<string> {
    const directory = await this.readDirectory();
    if (directory.termsOfService !== "" && !wish.isTermsAgreed) {
      throw new AcmeError(
        `the CA has terms of service: ${directory.termsOfService}; read them, and set termsOfServiceAgreed: true in the AcmeIssuer`,
      );
    }
    if (directory.isExternalAccountRequired && wish.externalAccount === null) {
      throw new AcmeError(
        "the CA gives accounts to its customers only; set externalAccountBinding in the AcmeIssuer to what it gave you",
      );
    }
    const { externalAccount } = wish;
    const payload = {
      contact: wish.contact,
      ...(wish.isTermsAgreed ? { termsOfServiceAgreed: true } : {}),
      ...(externalAccount === null
        ? {}
        : {
            externalAccountBinding: await this.key.bindExternal(externalAccount, directory.newAccount.href),
          }),
    };
    const { url, value } = await this.createAs(null, directory.newAccount, payload, "the account");
    if (value["status"] !== undefined && value["status"] !== "valid") {
      throw new AcmeError(`the account is ${String(value["status"])} at the CA`);
    }
    this.account = url.href;
    return url.href;
  }

  /** RFC 8555 section 8.1 */
  keyAuthorization(token: string): string {
    return this.key.keyAuthorization(token);
  }
}

/** What an account is made with. */
export interface AccountWish {
  /** "mailto:ops@example.com" */
  readonly contact: readonly string[];
  readonly isTermsAgreed: boolean;
  readonly externalAccount: { readonly keyId: string; readonly hmacKey: string } | null;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
