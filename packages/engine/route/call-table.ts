import { NAME } from "../message/index.ts";
import type { RequestHead } from "../message/index.ts";
import { grpcFormOfRequest } from "../wire/grpc/index.ts";
import type { Candidate } from "./candidate.ts";
import { CandidateLists } from "./candidate-lists.ts";
import { withCandidate, without } from "./precedence.ts";

/**
 * The matches of GRPCRoutes for one hostname, by service and method; each list is in order of precedence:
 *
 *   calls      "/service/method" → candidates that name both
 *   services   service → candidates that name it, with any method
 *   others     patterns, and any service
 *
 * A match of an earlier line goes before all of the later ones, since its service is named, or its method as well.
 * Made from another it shares what is the same, and neither changes the other.
 */
export class CallTable<T> {
  private readonly calls: CandidateLists<T>;
  private readonly services: CandidateLists<T>;
  private others: Candidate<T>[];
  private readonly isDerived: boolean;

  constructor(base: CallTable<T> | null = null) {
    this.isDerived = base !== null;
    this.calls = new CandidateLists(base === null ? null : base.calls);
    this.services = new CandidateLists(base === null ? null : base.services);
    this.others = base === null ? [] : base.others;
  }

  get isEmpty(): boolean {
    return this.calls.isEmpty && this.services.isEmpty && this.others.length === 0;
  }

  insert(candidate: Candidate<T>): void {
    const { service, method, isPattern } = candidate.call!;
    if (isPattern || service === "") this.others = withCandidate(this.others, candidate, this.isDerived);
    else if (method === "") this.services.insert(service, candidate);
    else this.calls.insert(`/${service}/${method}`, candidate);
  }

  remove(candidate: Candidate<T>): void {
    const { service, method, isPattern } = candidate.call!;
    if (isPattern || service === "") this.others = without(this.others, candidate);
    else if (method === "") this.services.remove(service, candidate);
    else this.calls.remove(`/${service}/${method}`, candidate);
  }

  /** The match that goes before all others that hold; null for none, and for what is no gRPC call. */
  find(head: RequestHead): Candidate<T> | null {
    const kind = callKind(head);
    if (kind === "none") return null;
    const { path } = head;
    return (
      firstOf(this.calls.get(path), head, kind) ??
      firstOf(this.services.get(serviceOf(path)), head, kind) ??
      firstOf(this.others, head, kind)
    );
  }
}

export type CallKind = "none" | "call" | "preflight";

/** What a request is to GRPCRoutes. A preflight (Fetch standard, section 4.8) asks for the call that it names. */
export function callKind(head: RequestHead): CallKind {
  if (grpcFormOfRequest(head) !== "") return "call";
  if (head.method !== "OPTIONS" || head.fields.getKnown(NAME.ORIGIN) === undefined) return "none";
  return head.fields.get("access-control-request-method") === "POST" ? "preflight" : "none";
}

/** Service and method of a path: "/" Service-Name "/" {method name} (PROTOCOL-HTTP2.md, "Requests"). */
export function serviceOf(path: string): string {
  return path.slice(1, Math.max(1, path.lastIndexOf("/")));
}

export function methodOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function callHolds(candidate: Candidate<unknown>, head: RequestHead, kind: CallKind): boolean {
  const call = candidate.call!;
  if (kind === "none" || (kind === "preflight" && !call.takesPreflights)) return false;
  if (!call.holds(serviceOf(head.path), methodOf(head.path))) return false;
  // A preflight does not have the headers of the call that it asks for.
  return kind === "preflight" || candidate.holds(head);
}

function firstOf<T>(
  candidates: readonly Candidate<T>[] | undefined,
  head: RequestHead,
  kind: CallKind,
): Candidate<T> | null {
  if (candidates === undefined) return null;
  for (const candidate of candidates) if (callHolds(candidate, head, kind)) return candidate;
  return null;
}
