import { createHash } from "node:crypto";
import path from "node:path";

/** An account at a CA: one for each AcmeIssuer and directory. */
export interface AccountRecord {
  readonly version: 1;
  readonly issuer: string;
  readonly directory: string;
  readonly keyPem: string;
  /** Null until the CA has given it. */
  readonly url: string | null;
  readonly contact: readonly string[];
  /** When orders were made, of late: they are limited. */
  readonly ordersMs: readonly number[];
}

/** A certificate with all that a restart must know, so that it orders nothing again. */
export interface CertificateRecord {
  readonly version: 1;
  readonly id: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly issued: IssuedRecord | null;
  /** An order that is under way, and the key that its certificate is for. */
  readonly order: { readonly url: string; readonly keyPem: string } | null;
  /** In a row. */
  readonly failures: number;
  /** What the last try came to; null when it went well. */
  readonly problem: string | null;
  /** No try before; 0 for none. */
  readonly nextTryMs: number;
  /** What was tried: with other settings it is tried at once. "" where the CA itself asked to wait. */
  readonly triedWith: string;
}

export interface IssuedRecord {
  readonly chainPem: string;
  readonly keyPem: string;
  readonly issuedMs: number;
  readonly renewAtMs: number;
  /** As the CA suggested it last (RFC 9773); null for none. */
  readonly window: { readonly startMs: number; readonly endMs: number } | null;
}

export const accountFile = (folder: string, issuer: string, directory: string): string =>
  path.join(folder, "accounts", `${issuer.replace("/", ".")}-${digest([issuer, directory])}.json`);

export const certificateFile = (folder: string, id: string, names: readonly string[]): string =>
  path.join(folder, "certificates", `${names[0] ?? "none"}-${digest([id])}.json`);

/** Short, and tells nothing of the parts. */
export const digest = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);

export function parseAccountRecord(value: unknown): AccountRecord {
  const one = asObject(value);
  return {
    version: version(one),
    issuer: text(one, "issuer"),
    directory: text(one, "directory"),
    keyPem: text(one, "keyPem"),
    url: one["url"] === null ? null : text(one, "url"),
    contact: texts(one, "contact"),
    ordersMs: list(one, "ordersMs").filter((ms) => typeof ms === "number"),
  };
}

export function parseCertificateRecord(value: unknown): CertificateRecord {
  const one = asObject(value);
  return {
    version: version(one),
    id: text(one, "id"),
    issuer: text(one, "issuer"),
    names: texts(one, "names"),
    issued: one["issued"] === null ? null : parseIssued(asObject(one["issued"])),
    order: one["order"] === null ? null : parseOrder(asObject(one["order"])),
    failures: number(one, "failures"),
    problem: one["problem"] === null ? null : text(one, "problem"),
    nextTryMs: number(one, "nextTryMs"),
    triedWith: text(one, "triedWith"),
  };
}

function parseIssued(one: Loose): IssuedRecord {
  const window = one["window"] === null ? null : asObject(one["window"]);
  return {
    chainPem: text(one, "chainPem"),
    keyPem: text(one, "keyPem"),
    issuedMs: number(one, "issuedMs"),
    renewAtMs: number(one, "renewAtMs"),
    window: window && { startMs: number(window, "startMs"), endMs: number(window, "endMs") },
  };
}

const parseOrder = (one: Loose) => ({ url: text(one, "url"), keyPem: text(one, "keyPem") });

type Loose = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Loose {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("not an object");
  return value as Loose;
}

function version(one: Loose): 1 {
  if (one["version"] !== 1) throw new Error(`version ${String(one["version"])}, known is 1`);
  return 1;
}

function text(one: Loose, name: string): string {
  const value = one[name];
  if (typeof value !== "string") throw new Error(`${name} is no text`);
  return value;
}

function number(one: Loose, name: string): number {
  const value = one[name];
  if (typeof value !== "number") throw new Error(`${name} is no number`);
  return value;
}

function list(one: Loose, name: string): unknown[] {
  const value = one[name];
  if (!Array.isArray(value)) throw new Error(`${name} is no list`);
  return value;
}

const texts = (one: Loose, name: string): string[] => {
  const all = list(one, name);
  if (!all.every((item) => typeof item === "string")) throw new Error(`${name} is no list of texts`);
  return all;
};
