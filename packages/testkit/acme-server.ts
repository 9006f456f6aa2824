import { randomBytes } from "node:crypto";
import http from "node:http";
import { calculateJwkThumbprint, flattenedVerify, importJWK, type FlattenedJWSInput, type JWK } from "jose";
import { makeRequestIssuer, type RequestIssuer } from "./acme-issuing.ts";
import { validateHttp, validateTlsAlpn } from "./acme-validation.ts";
import { listenOnFreePort } from "./open-port.ts";

export interface AcmeServerOptions {
  /** Where challenges are asked, on 127.0.0.1, whatever the name. Without: they are taken for answered. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
  /** Default: both. */
  readonly challenges?: readonly ("http-01" | "tls-alpn-01")[];
  /** From now on. Default 90 days. */
  readonly lifeMs?: number;
  /** Default: the system's time. */
  readonly nowMs?: () => number;
  readonly termsOfService?: string;
  /** Accounts are bound to one of these: key id to HMAC key in base64url. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** Offers renewal information (RFC 9773). */
  readonly hasRenewalInfo?: boolean;
  /** Processing of a finalized order takes that many reads. */
  readonly slowReads?: number;
}

export interface AcmeProblem {
  readonly status: number;
  /** "rateLimited" */
  readonly type: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AcmeOrderRecord {
  readonly names: readonly string[];
  readonly account: string;
  readonly replaces: string | null;
  status: "pending" | "ready" | "processing" | "valid" | "invalid";
  /** Challenges that were validated for it. */
  readonly validated: string[];
}

type Resource = "directory" | "newNonce" | "newAccount" | "newOrder" | "finalize" | "renewalInfo" | "order";

/**
 * An ACME server (RFC 8555) that is strict: nonces are good once, each signature, key, URL and media type is checked,
 * what is out of its state is refused, and challenges are really asked. It does what real test servers do not do on
 * demand: fail in a given way, suggest renewals, issue short-lived certificates. Every refusal of a malformed request
 * is in `mistakes`, which a test expects to be empty.
 */
export class AcmeServer implements AsyncDisposable {
  readonly orders: AcmeOrderRecord[] = [];
  readonly mistakes: string[] = [];
  /** Thumbprint of the key to the account's URL. */
  readonly accounts = new Map<string, string>();
  readonly contacts: string[][] = [];
  /** Names that no challenge is valid for, and the problem's detail. */
  readonly refusedNames = new Map<string, string>();
  /** How often each resource was asked. */
  readonly asked = new Map<Resource, number>();
  /** The window that renewal information gives. */
  renewalWindow: { startMs: number; endMs: number } | null = null;
  /** Of certificates that are issued from now on. */
  lifeMs: number;
  private readonly options: AcmeServerOptions;
  private readonly server: http.Server;
  private readonly issuer: RequestIssuer;
  private readonly nonces = new Set<string>();
  private readonly keys = new Map<string, JWK>();
  private readonly failures = new Map<Resource, AcmeProblem[]>();
  private readonly states: OrderState[] = [];
  private port = 0;

  private constructor(options: AcmeServerOptions, issuer: RequestIssuer) {
    this.options = options;
    this.issuer = issuer;
    this.lifeMs = options.lifeMs ?? 90 * 24 * 3600 * 1000;
    this.server = http.createServer((request, response) => void this.answer(request, response));
  }

  static async open(options: AcmeServerOptions = {}): Promise<AcmeServer> {
    const acme = new AcmeServer(options, await makeRequestIssuer());
    acme.port = await listenOnFreePort(acme.server);
    return acme;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get directory(): string {
    return `${this.origin}/directory`;
  }

  /** The root that certificates are of, PEM. */
  get root(): string {
    return this.issuer.root;
  }

  /** The next request for that resource is answered with a problem. */
  failNext(resource: Resource, problem: AcmeProblem): void {
    this.failures.set(resource, [...(this.failures.get(resource) ?? []), problem]);
  }

  /** Forgets accounts, as a test server does that was started again. */
  forgetAccounts(): void {
    this.accounts.clear();
    this.keys.clear();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private get nowMs(): number {
    return this.options.nowMs?.() ?? Date.now();
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      const body = await readText(request);
      const answer = await this.handle(request, body);
      this.send(response, answer.status, answer.value, answer.headers);
    } catch (error) {
      const problem = error instanceof Refusal ? error : new Refusal(500, "serverInternal", String(error));
      if (!problem.isAsked)
        this.mistakes.push(`${request.method} ${request.url}: ${problem.type}: ${problem.message}`);
      const value = { type: `urn:ietf:params:acme:error:${problem.type}`, detail: problem.message };
      this.send(response, problem.status, value, {
        "content-type": "application/problem+json",
        ...problem.headers,
      });
    }
  }

  private send(
    response: http.ServerResponse,
    status: number,
    value: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const nonce = randomBytes(16).toString("base64url");
    this.nonces.add(nonce);
    response.writeHead(status, {
      "content-type": "application/json",
      "replay-nonce": nonce,
      "cache-control": "no-store",
      link: `<${this.directory}>;rel="index"`,
      ...headers,
    });
    response.end(typeof value === "string" ? value : value === null ? "" : JSON.stringify(value));
  }

  private async handle(request: http.IncomingMessage, body: string): Promise<Answer> {
    const { method = "", url = "", headers } = request;
    if (headers["user-agent"] === undefined) throw new Refusal(400, "malformed", "no User-Agent");
    const [, resource = "", id = "", part = ""] = url.split("/");
    this.count(resource as Resource);
    const failure = this.failures.get(resource as Resource)?.shift();
    if (failure !== undefined) {
      throw new Refusal(failure.status, failure.type, failure.detail, failure.headers ?? {}, true);
    }
    if (resource === "directory") return ok(this.directoryValue());
    if (resource === "newNonce" && method === "HEAD") return ok(null);
    if (resource === "renewalInfo" && method === "GET") return this.renewalInfo(id);
    if (method !== "POST")
      throw new Refusal(405, "malformed", `${method} is not allowed: reads are POST-as-GET`);
    if (headers["content-type"] !== "application/jose+json")
      throw new Refusal(415, "malformed", "media type");
    const signed = await this.verify(body, `${this.origin}${url}`, resource === "newAccount");
    switch (resource) {
      case "newAccount":
        return this.newAccount(signed);
      case "account":
        return this.updateAccount(signed, url);
      case "newOrder":
        return this.newOrder(signed);
      default:
        return this.ofOrder(resource, Number(id), part, signed);
    }
  }

  private count(resource: Resource): void {
    this.asked.set(resource, (this.asked.get(resource) ?? 0) + 1);
  }

  private directoryValue(): unknown {
    const { termsOfService, externalAccounts, hasRenewalInfo = false } = this.options;
    const at = (name: string): string => `${this.origin}/${name}`;
    return {
      newNonce: at("newNonce"),
      newAccount: at("newAccount"),
      newOrder: at("newOrder"),
      revokeCert: at("revokeCert"),
      keyChange: at("keyChange"),
      ...(hasRenewalInfo ? { renewalInfo: at("renewalInfo") } : {}),
      meta: {
        ...(termsOfService === undefined ? {} : { termsOfService }),
        externalAccountRequired: externalAccounts !== undefined,
      },
    };
  }

  /** RFC 8555 sections 6.2 to 6.5. */
  private async verify(body: string, url: string, isNewAccount: boolean): Promise<Signed> {
    const jws = parseJws(body);
    const header = JSON.parse(Buffer.from(jws.protected ?? "", "base64url").toString()) as Header;
    if (jws.header !== undefined) throw new Refusal(400, "malformed", "an unprotected header");
    if (header.alg !== "ES256") throw new Refusal(400, "badSignatureAlgorithm", String(header.alg));
    if (header.url !== url) throw new Refusal(403, "unauthorized", `url is ${header.url}, asked was ${url}`);
    if ((header.jwk === undefined) === (header.kid === undefined)) {
      throw new Refusal(400, "malformed", "exactly one of jwk and kid");
    }
    if ((header.jwk !== undefined) !== isNewAccount)
      throw new Refusal(400, "malformed", "jwk and kid mixed up");
    const jwk = header.jwk ?? this.keys.get(header.kid ?? "");
    if (jwk === undefined) throw new Refusal(400, "accountDoesNotExist", "no such account", {}, true);
    if ("d" in jwk) throw new Refusal(400, "badPublicKey", "a private key");
    const { payload } = await flattenedVerify(jws, await importJWK(jwk, "ES256")).catch(() => {
      throw new Refusal(400, "malformed", "the signature does not fit");
    });
    if (!this.nonces.delete(header.nonce ?? ""))
      throw new Refusal(400, "badNonce", "used, or never given", {}, true);
    const text = Buffer.from(payload).toString();
    return {
      payload: text === "" ? null : (JSON.parse(text) as Loose),
      account: header.kid ?? "",
      jwk,
      thumbprint: await calculateJwkThumbprint(jwk),
    };
  }

  private async newAccount({ payload, jwk, thumbprint }: Signed): Promise<Answer> {
    const known = this.accounts.get(thumbprint);
    if (known !== undefined) return ok({ status: "valid" }, { location: known });
    const { termsOfService, externalAccounts } = this.options;
    if (termsOfService !== undefined && payload?.["termsOfServiceAgreed"] !== true) {
      throw new Refusal(403, "userActionRequired", "terms must be agreed to");
    }
    if (externalAccounts !== undefined) await this.checkBinding(payload?.["externalAccountBinding"], jwk);
    const url = `${this.origin}/account/${this.accounts.size + 1}`;
    this.accounts.set(thumbprint, url);
    this.keys.set(url, jwk);
    this.contacts.push((payload?.["contact"] as string[] | undefined) ?? []);
    return {
      status: 201,
      value: { status: "valid", contact: payload?.["contact"] },
      headers: { location: url },
    };
  }

  /** RFC 8555 section 7.3.4 */
  private async checkBinding(binding: unknown, jwk: JWK): Promise<void> {
    const jws = binding as FlattenedJWSInput | undefined;
    if (jws === undefined) throw new Refusal(403, "externalAccountRequired", "no binding");
    const header = JSON.parse(Buffer.from(jws.protected ?? "", "base64url").toString()) as Header;
    const key = this.options.externalAccounts![header.kid ?? ""];
    if (key === undefined || header.alg !== "HS256" || header.nonce !== undefined) {
      throw new Refusal(403, "unauthorized", "the binding's header");
    }
    if (header.url !== `${this.origin}/newAccount`)
      throw new Refusal(403, "unauthorized", "the binding's url");
    const { payload } = await flattenedVerify(jws, Buffer.from(key, "base64url")).catch(() => {
      throw new Refusal(403, "unauthorized", "the binding is not signed with that key");
    });
    const bound = (await calculateJwkThumbprint(
      JSON.parse(Buffer.from(payload).toString()) as JWK,
    )) as string;
    if (bound !== (await calculateJwkThumbprint(jwk)))
      throw new Refusal(403, "unauthorized", "another key is bound");
  }

  private updateAccount({ payload, account }: Signed, url: string): Answer {
    if (account !== `${this.origin}${url}`) throw new Refusal(403, "unauthorized", "another account");
    this.contacts.push((payload?.["contact"] as string[] | undefined) ?? []);
    return ok({ status: "valid", contact: payload?.["contact"] });
  }

  private newOrder({ payload, account, thumbprint }: Signed): Answer {
    const identifiers = (payload?.["identifiers"] ?? []) as { type: string; value: string }[];
    const names = identifiers.map(({ value }) => value);
    const isOdd = identifiers.some(({ type, value }) => type !== "dns" || value !== value.toLowerCase());
    if (names.length === 0 || isOdd || new Set(names).size !== names.length) {
      throw new Refusal(400, "malformed", "identifiers");
    }
    if (names.some((name) => name.includes("*"))) throw new Refusal(400, "rejectedIdentifier", "a wildcard");
    const replaces = (payload?.["replaces"] as string | undefined) ?? null;
    const record: AcmeOrderRecord = { names, account, replaces, status: "pending", validated: [] };
    const types = this.options.challenges ?? ["http-01", "tls-alpn-01"];
    this.states.push({
      record,
      account,
      thumbprint,
      chain: null,
      readsLeft: 0,
      authorizations: names.map((name) => ({
        name,
        status: "pending",
        challenges: types.map((type) => ({
          type,
          token: randomBytes(24).toString("base64url"),
          status: "pending",
        })),
      })),
    });
    this.orders.push(record);
    const id = this.states.length - 1;
    const headers = { location: `${this.origin}/order/${id}` };
    return { status: 201, value: this.orderValue(id), headers };
  }

  private async ofOrder(resource: string, id: number, part: string, signed: Signed): Promise<Answer> {
    const order = this.states[id];
    if (order === undefined) throw new Refusal(404, "malformed", "no such order");
    if (order.account !== signed.account)
      throw new Refusal(403, "unauthorized", "the order of another account");
    const isRead = signed.payload === null;
    if (resource === "order" || resource === "authz" || resource === "cert") {
      if (!isRead) throw new Refusal(400, "malformed", "a payload where there must be none");
    } else if (isRead) throw new Refusal(400, "malformed", "no payload");
    switch (resource) {
      case "order":
        if (order.record.status === "processing" && order.readsLeft-- <= 0) order.record.status = "valid";
        return ok(this.orderValue(id));
      case "authz":
        return ok(this.authorizationValue(id, Number(part)));
      case "challenge":
        return this.challenge(id, part, signed);
      case "finalize":
        return this.finalize(id, signed);
      case "cert":
        if (order.chain === null) throw new Refusal(404, "malformed", "no certificate");
        return {
          status: 200,
          value: order.chain,
          headers: { "content-type": "application/pem-certificate-chain" },
        };
      default:
        throw new Refusal(404, "malformed", `no resource ${resource}`);
    }
  }

  private orderValue(id: number): unknown {
    const { record, authorizations, error } = this.states[id]!;
    return {
      status: record.status,
      identifiers: record.names.map((value) => ({ type: "dns", value })),
      authorizations: authorizations.map((_, at) => `${this.origin}/authz/${id}/${at}`),
      finalize: `${this.origin}/finalize/${id}`,
      ...(error === undefined ? {} : { error }),
      ...(record.status === "valid" ? { certificate: `${this.origin}/cert/${id}` } : {}),
    };
  }

  private authorizationValue(id: number, at: number): unknown {
    const { name, status, challenges } = this.states[id]!.authorizations[at]!;
    return {
      identifier: { type: "dns", value: name },
      status,
      challenges: challenges.map(({ type, token, status: state, error }, index) => ({
        type,
        token,
        status: state,
        url: `${this.origin}/challenge/${id}/${at}-${index}`,
        ...(error === undefined ? {} : { error }),
      })),
    };
  }

  /** Validates before it answers, so that a client on a clock that stands still need not wait. */
  private async challenge(id: number, part: string, { payload, thumbprint }: Signed): Promise<Answer> {
    const [at = 0, index = 0] = part.split("-").map(Number);
    const order = this.states[id]!;
    const authorization = order.authorizations[at];
    const challenge = authorization?.challenges[index];
    if (authorization === undefined || challenge === undefined)
      throw new Refusal(404, "malformed", "no challenge");
    if (JSON.stringify(payload) !== "{}") throw new Refusal(400, "malformed", "the payload must be {}");
    if (challenge.status !== "pending")
      throw new Refusal(400, "malformed", `the challenge is ${challenge.status}`);
    const mistake = await this.validate(challenge.type, authorization.name, challenge.token, thumbprint);
    if (mistake === null) {
      challenge.status = "valid";
      authorization.status = "valid";
      order.record.validated.push(`${challenge.type} ${authorization.name}`);
      if (order.authorizations.every(({ status }) => status === "valid")) order.record.status = "ready";
    } else {
      challenge.status = "invalid";
      challenge.error = { type: "urn:ietf:params:acme:error:unauthorized", detail: mistake };
      authorization.status = "invalid";
      order.record.status = "invalid";
    }
    const { type, token, status } = challenge;
    return ok({ type, token, status, url: `${this.origin}/challenge/${id}/${part}` });
  }

  private async validate(
    type: string,
    name: string,
    token: string,
    thumbprint: string,
  ): Promise<string | null> {
    const refused = this.refusedNames.get(name);
    if (refused !== undefined) return refused;
    const port = type === "http-01" ? this.options.httpPort : this.options.tlsPort;
    if (port === undefined) return null;
    const validate = type === "http-01" ? validateHttp : validateTlsAlpn;
    return validate(port, name, token, `${token}.${thumbprint}`).then(
      () => null,
      (error: unknown) => (error as Error).message || String(error),
    );
  }

  private async finalize(id: number, { payload }: Signed): Promise<Answer> {
    const order = this.states[id]!;
    if (order.record.status !== "ready")
      throw new Refusal(403, "orderNotReady", `it is ${order.record.status}`);
    const fromMs = this.nowMs;
    try {
      const validity = { fromMs, toMs: fromMs + this.lifeMs };
      order.chain = await this.issuer.issue(String(payload?.["csr"]), order.record.names, validity);
    } catch (error) {
      throw new Refusal(400, "badCSR", (error as Error).message);
    }
    order.readsLeft = this.options.slowReads ?? 0;
    order.record.status = order.readsLeft > 0 ? "processing" : "valid";
    return ok(this.orderValue(id));
  }

  private renewalInfo(id: string): Answer {
    if (!/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(id))
      throw new Refusal(404, "malformed", "no such certificate");
    const window = this.renewalWindow;
    if (window === null) throw new Refusal(404, "malformed", "nothing to suggest", {}, true);
    const suggestedWindow = {
      start: new Date(window.startMs).toISOString(),
      end: new Date(window.endMs).toISOString(),
    };
    return ok({ suggestedWindow, explanationURL: `${this.origin}/why` }, { "retry-after": "3600" });
  }
}

type Loose = Record<string, unknown>;

interface Header {
  readonly alg?: string;
  readonly nonce?: string;
  readonly url?: string;
  readonly jwk?: JWK;
  readonly kid?: string;
}

interface Signed {
  /** Null for a POST-as-GET. */
  readonly payload: Loose | null;
  /** "" for a request with the key itself. */
  readonly account: string;
  readonly jwk: JWK;
  readonly thumbprint: string;
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface OrderState {
  readonly record: AcmeOrderRecord;
  readonly account: string;
  readonly thumbprint: string;
  readonly authorizations: {
    readonly name: string;
    status: "pending" | "valid" | "invalid";
    readonly challenges: {
      readonly type: string;
      readonly token: string;
      status: "pending" | "valid" | "invalid";
      error?: unknown;
    }[];
  }[];
  readonly error?: unknown;
  chain: string | null;
  readsLeft: number;
}

/** A request that is refused; `isAsked`: because the test wants it, not because it is wrong. */
class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isAsked: boolean;

  constructor(
    status: number,
    type: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    isAsked: boolean = false,
  ) {
    super(message);
    this.status = status;
    this.type = type;
    this.headers = headers;
    this.isAsked = isAsked;
  }
}

const ok = (value: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  value,
  headers,
});

function parseJws(body: string): FlattenedJWSInput {
  try {
    return JSON.parse(body) as FlattenedJWSInput;
  } catch {
    throw new Refusal(400, "malformed", "no JSON");
  }
}

async function readText(request: http.IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
  return text;
}
