import type { Endpoint } from "../cluster/index.ts";
import type { Exchange, ResponseHead } from "../message/index.ts";
import type { SessionPersistenceSpec } from "../model/index.ts";
import type { Rule, RuleBackend } from "./rule.ts";
import { issueSession, readSession } from "./session.ts";
import type { Session } from "./session.ts";

/** Keeps one exchange at the endpoint of its session (GEP-1619). Made only for rules with session persistence. */
export class SessionKeeper {
  private readonly spec: SessionPersistenceSpec;
  private session: Session | null = null;
  /** Where the session was; null where there is none, or its endpoint is gone or ejected. */
  endpoint: Endpoint | null = null;

  constructor(spec: SessionPersistenceSpec) {
    this.spec = spec;
  }

  /** The backend that the session goes on with, before weights are asked; null: choose one. */
  find(rule: Rule, exchange: Exchange, wallMs: number): RuleBackend | null {
    const session = readSession(exchange.request, this.spec, wallMs);
    if (session === null) return null;
    for (const backend of rule.backendList) {
      const endpoint = backend.cluster?.findSession(session.id) ?? null;
      if (endpoint === null) continue;
      this.session = session;
      this.endpoint = endpoint;
      return backend;
    }
    return null;
  }

  /** `endpoint` answered: the client is told to come back to it. */
  issue(head: ResponseHead, endpoint: Endpoint, exchange: Exchange, wallMs: number): void {
    const known = endpoint === this.endpoint ? this.session : null;
    issueSession(head, this.spec, endpoint.sessionId, known, exchange, wallMs);
  }
}
