import { NO_KEY } from "../balance/index.ts";
import type { Cluster, Endpoint } from "../cluster/index.ts";
import type { Exchange, ResponseHead } from "../message/index.ts";
import type { SessionPersistenceSpec } from "../model/index.ts";
import type { ClientKeeper } from "./client-keeper.ts";
import type { Rule, RuleBackend } from "./rule.ts";
import { issueSession, readSession } from "./session.ts";
import type { Session } from "./session.ts";

/** Keeps one exchange at the endpoint of its session (GEP-1619). Made only for rules and clusters that keep sessions. */
export class SessionKeeper implements ClientKeeper {
  readonly key = NO_KEY;
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
    return rule.backendList.find(({ cluster }) => cluster !== null && this.holds(cluster, session)) ?? null;
  }

  /** The session goes on in a cluster that was chosen already, if it was there. */
  findIn(cluster: Cluster, exchange: Exchange, wallMs: number): void {
    const session = readSession(exchange.request, this.spec, wallMs);
    if (session !== null) this.holds(cluster, session);
  }

  private holds(cluster: Cluster, session: Session): boolean {
    const endpoint = cluster.findSession(session.id);
    if (endpoint === null) return false;
    this.session = session;
    this.endpoint = endpoint;
    return true;
  }

  /** `endpoint` answered: the client is told to come back to it. */
  issue(head: ResponseHead, endpoint: Endpoint, exchange: Exchange, wallMs: number): void {
    const known = endpoint === this.endpoint ? this.session : null;
    issueSession(head, this.spec, endpoint.sessionId, known, exchange, wallMs);
  }
}
