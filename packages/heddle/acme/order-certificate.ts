import type { AcmeChallengeUnit } from "@heddle/engine/model";
import type { Clock } from "@heddle/engine/base";
import type { AcmeChallengeType } from "../compile/index.ts";
import type { AcmeClient, AcmeResource } from "./acme-client.ts";
import { AcmeError, describeProblem, readProblem } from "./acme-error.ts";
import { checkServerUrl } from "./acme-url.ts";
import { wait } from "./wait.ts";

export interface OrderOptions {
  readonly client: AcmeClient;
  /** DNS names, lower-case, none a wildcard. */
  readonly names: readonly string[];
  /** In order of preference. */
  readonly challenges: readonly AcmeChallengeType[];
  /** An order that was begun before; null for a new one. */
  readonly resume: URL | null;
  /** The renewal id of the certificate that this one is to replace (RFC 9773 section 5); null for none. */
  readonly replaces: string | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before a new order is made; rejects to keep it from being made. */
  admit(): Promise<void>;
  /** Called with the URL of a new order, to be found again after a restart. */
  onOrder(url: string): Promise<void>;
  /** The certificate signing request, DER in base64url. */
  signingRequest(): Promise<string>;
  /** Makes what answers a challenge. */
  answer(type: AcmeChallengeType, hostname: string, token: string): Promise<AcmeChallengeUnit>;
  /** Resolves when every worker answers the challenges. */
  publish(units: readonly AcmeChallengeUnit[]): Promise<void>;
  retract(units: readonly AcmeChallengeUnit[]): void;
}

/** From the first request to the certificate. CAs validate within seconds; some have a person look. */
const ORDER_MS = 300_000;
const FIRST_POLL_MS = 250;
const MAX_POLL_MS = 10_000;

/**
 * Brings an order to its certificate: PEM, as the server gives it (RFC 8555 sections 7.4 and 7.5). Rejects with
 * AcmeError when it comes to nothing.
 *
 *   new ─► pending ──(every authorization valid)──► ready ─(CSR)─► processing ─► valid ─► certificate
 *             └──────────── an authorization fails ────► invalid ◄──────┘
 */
export async function orderCertificate(options: OrderOptions): Promise<string> {
  const deadlineMs = options.clock.now() + ORDER_MS;
  let order = (await resumeOrder(options)) ?? (await newOrder(options));
  let isFinalized = false;
  for (const poll = new Poll(options, deadlineMs); ;) {
    const { status } = order.value;
    switch (status) {
      case "pending":
        await authorize(order, options, deadlineMs);
        break;
      case "ready":
        if (!isFinalized) {
          isFinalized = true;
          order = await finalize(order, options);
          continue;
        }
        break;
      case "processing":
        break;
      case "valid":
        return downloadCertificate(order, options);
      default:
        throw failureOf(order, `the order is ${textOf(status) || "without status"}`);
    }
    order = await poll.next(order, "the order");
  }
}

/** Null where the order of before is of no more use: it is over, or the server forgot it. */
async function resumeOrder({ client, resume }: OrderOptions): Promise<AcmeResource | null> {
  if (resume === null) return null;
  try {
    const order = await client.post(
      checkServerUrl(resume.href, client.directoryUrl, "the order"),
      null,
      "the order",
    );
    return order.value["status"] === "invalid" ? null : order;
  } catch (error) {
    if (error instanceof AcmeError && error.status >= 400 && error.status < 500 && error.status !== 429)
      return null;
    throw error;
  }
}

async function newOrder(options: OrderOptions): Promise<AcmeResource> {
  const { client, names, replaces } = options;
  await options.admit();
  const { newOrder: url, renewalInfo } = await client.readDirectory();
  const payload = { identifiers: names.map((value) => ({ type: "dns", value })) };
  const replacing = replaces === null || renewalInfo === null ? payload : { ...payload, replaces };
  const order = await client.create(url, replacing, "a new order").catch((error: unknown) => {
    // RFC 9773 section 5: a certificate that was replaced already, or that the server does not know.
    const isAboutReplaced =
      replacing !== payload &&
      error instanceof AcmeError &&
      (error.status === 409 || error.is("alreadyReplaced") || error.is("malformed"));
    if (!isAboutReplaced) throw error;
    return client.create(url, payload, "a new order");
  });
  await options.onOrder(order.url.href);
  return order;
}

interface Challenge {
  readonly type: AcmeChallengeType;
  readonly hostname: string;
  readonly url: URL;
  readonly unit: AcmeChallengeUnit;
  readonly authorization: AcmeResource;
}

/** Answers one challenge of each open authorization, all published together, and waits for the verdicts. */
async function authorize(order: AcmeResource, options: OrderOptions, deadlineMs: number): Promise<void> {
  const { client } = options;
  const urls = order.value["authorizations"];
  if (!Array.isArray(urls) || urls.length === 0 || urls.length > MAX_AUTHORIZATIONS) {
    throw new AcmeError("the order has no list of authorizations");
  }
  const challenges: Challenge[] = [];
  for (const text of urls) {
    const url = checkServerUrl(text, client.directoryUrl, "an authorization");
    const authorization = await client.post(url, null, "an authorization");
    const challenge = await chooseChallenge(authorization, options);
    if (challenge !== null) challenges.push(challenge);
  }
  const units = challenges.map(({ unit }) => unit);
  try {
    if (units.length > 0) await options.publish(units);
    options.signal.throwIfAborted();
    for (const { url, hostname, type } of challenges) await client.post(url, {}, `${hostname}: ${type}`);
    // One after the other: the first that fails ends the order, and no poll goes on behind it.
    for (const challenge of challenges) await awaitVerdict(challenge, options, deadlineMs);
  } finally {
    options.retract(units);
  }
}

const MAX_AUTHORIZATIONS = 200;

/** Null where the authorization is valid already. */
async function chooseChallenge(
  authorization: AcmeResource,
  options: OrderOptions,
): Promise<Challenge | null> {
  const { client, names } = options;
  const { status, identifier, challenges } = authorization.value;
  const { type, value } = (identifier ?? {}) as { type?: unknown; value?: unknown };
  const hostname = textOf(value).toLowerCase();
  if (type !== "dns" || !names.includes(hostname)) {
    throw new AcmeError(`an authorization is for ${hostname || "nothing"}, which was not ordered`);
  }
  if (status === "valid") return null;
  if (status !== "pending")
    throw failureOf(authorization, `${hostname}: the authorization is ${textOf(status)}`);
  const offered = (Array.isArray(challenges) ? challenges : []) as Record<string, unknown>[];
  for (const wanted of options.challenges) {
    const found = offered.find((one) => one?.["type"] === wanted);
    if (found === undefined) continue;
    const token = textOf(found["token"]);
    // RFC 8555 section 8.1: base64url, since it goes into a path.
    if (!/^[A-Za-z0-9_-]{16,512}$/.test(token)) throw new AcmeError(`${hostname}: a malformed token`);
    const url = checkServerUrl(found["url"], client.directoryUrl, "a challenge");
    const unit = await options.answer(wanted, hostname, token);
    return { type: wanted, hostname, url, unit, authorization };
  }
  const types = offered.map((one) => textOf(one?.["type"])).join(", ");
  throw new AcmeError(
    `${hostname}: the CA offers ${types || "no challenge"}, and ${options.challenges.join(", ")} can be answered here`,
  );
}

async function awaitVerdict(challenge: Challenge, options: OrderOptions, deadlineMs: number): Promise<void> {
  const { hostname, type } = challenge;
  const poll = new Poll(options, deadlineMs);
  const what = `${hostname}: the authorization`;
  let { authorization } = challenge;
  for (;;) {
    authorization = await poll.next(authorization, what);
    const { status } = authorization.value;
    if (status === "valid") return;
    if (status !== "pending") {
      throw failureOf(
        authorization,
        `${hostname}: the authorization is ${textOf(status)}`,
        `${hostname}: ${type}`,
      );
    }
  }
}

async function finalize(order: AcmeResource, options: OrderOptions): Promise<AcmeResource> {
  const { client } = options;
  const url = checkServerUrl(order.value["finalize"], client.directoryUrl, "finalize");
  const csr = await options.signingRequest();
  const answered = await client.post(url, { csr }, "the certificate request");
  return { ...answered, url: order.url };
}

function downloadCertificate(order: AcmeResource, { client }: OrderOptions): Promise<string> {
  const url = checkServerUrl(order.value["certificate"], client.directoryUrl, "the certificate");
  return client.download(url, "the certificate");
}

/** What the server says is wrong, with an order or in one of an authorization's challenges. */
function failureOf(
  { value, retryAfterMs }: AcmeResource,
  otherwise: string,
  what: string = "the order",
): AcmeError {
  const challenges = Array.isArray(value["challenges"]) ? (value["challenges"] as { error?: unknown }[]) : [];
  const errors = [value["error"], ...challenges.map((challenge) => challenge?.error)];
  const problem = errors.map(readProblem).find((one) => one !== null) ?? null;
  if (problem === null) return new AcmeError(otherwise, { retryAfterMs });
  return new AcmeError(`${what}: ${describeProblem(problem)}`, { problem, retryAfterMs });
}

const textOf = (value: unknown): string => (typeof value === "string" ? value.slice(0, 255) : "");

/** Reads a resource again and again: at once, then with growing pauses, or as the server asks. */
class Poll {
  private readonly options: OrderOptions;
  private readonly deadlineMs: number;
  private pauseMs = 0;

  constructor(options: OrderOptions, deadlineMs: number) {
    this.options = options;
    this.deadlineMs = deadlineMs;
  }

  async next(before: AcmeResource, what: string): Promise<AcmeResource> {
    const { client, clock, signal } = this.options;
    const pauseMs = Math.max(this.pauseMs, before.retryAfterMs ?? 0);
    if (clock.now() + pauseMs > this.deadlineMs) {
      const { retryAfterMs } = before;
      throw new AcmeError(`${what} is ${textOf(before.value["status"])} after ${ORDER_MS / 1000} s`, {
        retryAfterMs,
      });
    }
    if (pauseMs > 0) await wait(clock, pauseMs, signal);
    signal.throwIfAborted();
    this.pauseMs = this.pauseMs === 0 ? FIRST_POLL_MS : Math.min(MAX_POLL_MS, this.pauseMs * 2);
    return client.post(before.url, null, what);
  }
}
