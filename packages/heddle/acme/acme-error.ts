/** A problem document of an ACME server (RFC 8555 section 6.7, RFC 7807), as far as it is well-formed. */
export interface ProblemDocument {
  /** "urn:ietf:params:acme:error:rateLimited"; "about:blank" where there is none. */
  readonly type: string;
  readonly detail: string;
  readonly subproblems: readonly { readonly type: string; readonly detail: string; readonly name: string }[];
}

export interface AcmeErrorFacts {
  readonly problem?: ProblemDocument | null;
  /** HTTP status; 0 where there was no answer. */
  readonly status?: number;
  /** Earliest time of another try that the server asks for, as a delay. */
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/** An order that came to nothing: what the server said, or why it could not be asked. Holds no key material. */
export class AcmeError extends Error {
  readonly problem: ProblemDocument | null;
  readonly status: number;
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    { problem = null, status = 0, retryAfterMs = null, cause }: AcmeErrorFacts = {},
  ) {
    super(message, { cause });
    this.name = "AcmeError";
    this.problem = problem;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the server gave this error type: "badNonce", "rateLimited" (RFC 8555 section 6.7). */
  is(type: string): boolean {
    return this.problem?.type === `${ERROR_PREFIX}${type}`;
  }
}

const ERROR_PREFIX = "urn:ietf:params:acme:error:";
/** Of a text that the server gives. */
const MAX_TEXT = 1_000;

/** Reads what a server sent for a problem document; null when it is none. */
export function readProblem(value: unknown): ProblemDocument | null {
  if (typeof value !== "object" || value === null) return null;
  const { type, detail, subproblems } = value as Record<string, unknown>;
  if (type === undefined && detail === undefined) return null;
  return {
    type: textOf(type) || "about:blank",
    detail: textOf(detail),
    subproblems: (Array.isArray(subproblems) ? subproblems.slice(0, 100) : []).map((sub: unknown) => {
      const { type: kind, detail: text, identifier } = (sub ?? {}) as Record<string, unknown>;
      const name = (identifier as { value?: unknown } | undefined)?.value;
      return { type: textOf(kind), detail: textOf(text), name: textOf(name) };
    }),
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value.slice(0, MAX_TEXT) : "");

/** "rateLimited: too many certificates (a.test: caa: forbids it)" */
export function describeProblem({ type, detail, subproblems }: ProblemDocument): string {
  const parts = subproblems.map((sub) => `${sub.name}: ${shortType(sub.type)}: ${sub.detail}`);
  const whole = `${shortType(type)}: ${detail || "no detail given"}`;
  return parts.length === 0 ? whole : `${whole} (${parts.join("; ")})`;
}

const shortType = (type: string): string =>
  type.startsWith(ERROR_PREFIX) ? type.slice(ERROR_PREFIX.length) : type;
