import assert from "node:assert/strict";
import type { Clock } from "../base/index.ts";
import type { FilterFactory } from "../filter/index.ts";
import { DEFAULT_CLUSTER_SETTINGS, DEFAULT_LISTENER_SETTINGS } from "../model/index.ts";
import type {
  BalancingSpec,
  ClusterProtocol,
  ClusterSettings,
  ClusterTls,
  EndpointSpec,
  HealthCheckSpec,
  ListenerSettings,
  RouteRule,
  RouteUnit,
  SecretUnit,
  ServerSpec,
  Unit,
} from "../model/index.ts";
import { CLUSTER, LISTENER, MetricsRegistry, REFUSALS, WORKER } from "../observe/index.ts";
import type { IndexedGroup, RefusalKind } from "../observe/index.ts";
import type { HashedUnit } from "../source/index.ts";
import { becomesTrue, connectRaw, openRecordingServer } from "@heddle/testkit";
import type { ConnectRawOptions, RawConnection, RecordingServer } from "@heddle/testkit";
import { Engine } from "./engine.ts";
import type { ApplyReport } from "./engine.ts";
import type { AccessLogOptions } from "./messages.ts";

/** The configuration of a gateway with one listener, one route to everything, and one cluster. */
export interface Shape {
  /** Ports on 127.0.0.1, or whole endpoints. */
  readonly endpoints: readonly (number | EndpointSpec)[];
  readonly listener?: Partial<ListenerSettings>;
  readonly cluster?: Partial<ClusterSettings>;
  readonly clusterTls?: ClusterTls;
  readonly protocol?: ClusterProtocol;
  readonly proxyProtocol?: "v1" | "v2";
  readonly healthCheck?: HealthCheckSpec;
  readonly balancing?: BalancingSpec;
  readonly rule?: Partial<RouteRule>;
  /** HTTPS when one of them has TLS. Default: one server for every host. */
  readonly servers?: readonly ServerSpec[];
  readonly secrets?: readonly SecretUnit[];
  readonly address?: string;
  readonly port?: number;
  /** Instead of the listener, route, cluster, endpoints that the above describes. */
  readonly more?: readonly Unit[];
}

export interface GatewayOptions {
  readonly workers?: number;
  readonly workerEntry?: URL;
  readonly filters?: readonly FilterFactory[];
  readonly clock?: Clock;
  readonly accessLog?: AccessLogOptions;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export const ANY_HOST: ServerSpec = { id: "default/gw/http", hostname: "", tls: null };

export function endpoint(port: number, address: string = "127.0.0.1"): EndpointSpec {
  return { address, port, weight: 1, zone: "" };
}

export function defaultRule(rule: Partial<RouteRule> = {}): RouteRule {
  return {
    name: "0",
    matches: [{ path: { type: "PathPrefix", value: "/" }, method: "", headers: [], queryParams: [] }],
    filters: [],
    backends: [{ cluster: "app", weight: 1, filters: [], status: 500 }],
    requestTimeoutMs: 0,
    backendRequestTimeoutMs: 0,
    retry: null,
    sessionPersistence: null,
    ...rule,
  };
}

export function routeUnit(name: string, servers: readonly ServerSpec[], rules: RouteRule[]): RouteUnit {
  return {
    kind: "route",
    name,
    createdMs: 0,
    attachments: servers.map((server) => ({ server: server.id, hostnames: [server.hostname] })),
    rules,
  };
}

/** The units of a shape. */
export function unitsOf(shape: Shape): Unit[] {
  const servers = shape.servers ?? [ANY_HOST];
  const isTls = servers.some((server) => server.tls !== null);
  const units: Unit[] = [
    {
      kind: "listener",
      name: "gateway",
      address: shape.address ?? "127.0.0.1",
      port: shape.port ?? 0,
      protocol: isTls ? "HTTPS" : "HTTP",
      servers,
      settings: { ...DEFAULT_LISTENER_SETTINGS, ...shape.listener },
    },
    routeUnit("default/app", servers, [defaultRule(shape.rule)]),
    {
      kind: "cluster",
      name: "app",
      protocol: shape.protocol ?? "http1",
      endpoints: "app",
      balancing: shape.balancing ?? { algorithm: "round-robin" },
      tls: shape.clusterTls ?? null,
      settings: { ...DEFAULT_CLUSTER_SETTINGS, ...shape.cluster },
      ...(shape.proxyProtocol !== undefined && { proxyProtocol: shape.proxyProtocol }),
      ...(shape.healthCheck !== undefined && { healthCheck: shape.healthCheck }),
    },
    {
      kind: "endpoints",
      name: "app",
      endpoints: shape.endpoints.map((one) => (typeof one === "number" ? endpoint(one) : one)),
    },
    ...(shape.secrets ?? []),
    ...(shape.more ?? []),
  ];
  return units;
}

export function hashed(units: readonly Unit[]): HashedUnit[] {
  return units.map((unit) => ({ unit, hash: JSON.stringify(unit) }));
}

/** An Engine with what a test asks of it. Closing it checks that every connection and exchange has ended. */
export class Gateway {
  readonly engine: Engine;
  readonly registry: MetricsRegistry;
  readonly logs: LogLine[];
  report: ApplyReport | null = null;
  private isClosed = false;

  private constructor(engine: Engine, registry: MetricsRegistry, logs: LogLine[]) {
    this.engine = engine;
    this.registry = registry;
    this.logs = logs;
  }

  static async open(shape: Shape | readonly Unit[], options: GatewayOptions = {}): Promise<Gateway> {
    const registry = new MetricsRegistry();
    const logs: LogLine[] = [];
    const engine = await Engine.open({
      workers: options.workers ?? 0,
      workerEntry: options.workerEntry ?? new URL(import.meta.url),
      filters: new Map((options.filters ?? []).map((factory) => [factory.name, factory])),
      registry,
      accessLog: options.accessLog ?? null,
      log: (level, message, fields = {}) => void logs.push({ level, message, fields }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    const gateway = new Gateway(engine, registry, logs);
    await gateway.apply(shape);
    return gateway;
  }

  async apply(shape: Shape | readonly Unit[]): Promise<ApplyReport> {
    const units = "endpoints" in shape ? unitsOf(shape) : shape;
    this.report = await this.engine.apply(hashed(units));
    return this.report;
  }

  portOf(listener: string = "gateway"): number {
    const row = this.report!.listeners.find(({ name }) => name === listener);
    assert.equal(row?.error, null, `listener ${listener} is not bound: ${row?.error}`);
    return row!.port;
  }

  connect(options: ConnectRawOptions = {}): Promise<RawConnection> {
    return connectRaw(this.portOf(), options);
  }

  /** A cell summed over a group. */
  total(group: IndexedGroup, cell: number): number {
    let sum = 0;
    this.registry.visit(group, (_key, cells) => (sum += cells[cell]));
    return sum;
  }

  refusals(kind: RefusalKind): number {
    return this.registry.workerTotals()[WORKER.refusals + REFUSALS.indexOf(kind)];
  }

  /** Connections from clients that are open now. */
  get clients(): number {
    return (
      this.total("listener", LISTENER.connectionsOpened) - this.total("listener", LISTENER.connectionsClosed)
    );
  }

  /** Connections to endpoints that are open now, idle ones included. */
  get upstreams(): number {
    return (
      this.total("cluster", CLUSTER.connectionsOpened) - this.total("cluster", CLUSTER.connectionsClosed)
    );
  }

  get exchanges(): number {
    return this.total("listener", LISTENER.started) - this.total("listener", LISTENER.ended);
  }

  get attempts(): number {
    return this.total("cluster", CLUSTER.attemptsStarted) - this.total("cluster", CLUSTER.attemptsEnded);
  }

  async becomes(what: string, ask: () => boolean, timeoutMs: number = 3_000): Promise<void> {
    assert.ok(await becomesTrue(ask, timeoutMs), `not within ${timeoutMs} ms: ${what}`);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.engine.close();
    const open = (): string =>
      `${this.clients} clients, ${this.upstreams} upstreams, ${this.exchanges} exchanges, ${this.attempts} attempts`;
    const isOver = await becomesTrue(
      () => open() === "0 clients, 0 upstreams, 0 exchanges, 0 attempts",
      20_000,
    );
    assert.ok(isOver, `left open: ${open()}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Reads one response with a content-length, or without a body: head and body. */
export async function readResponse(
  client: RawConnection,
  hasBody: boolean = true,
): Promise<{ head: string; status: number; body: string }> {
  const head = await client.receiveUntil("\r\n\r\n");
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head);
  const body = hasBody && length !== null ? await client.receiveBytes(Number(length[1])) : "";
  return { head, status, body };
}

/** "HTTP/1.1 200 OK" with a body and its length. */
export function answer(body: string, status: string = "200 OK", fields: string = ""): string {
  return `HTTP/1.1 ${status}\r\n${fields}content-length: ${body.length}\r\n\r\n${body}`;
}

export function get(path: string, fields: string = "", version: string = "1.1"): string {
  return `GET ${path} HTTP/${version}\r\nHost: a.example\r\n${fields}\r\n`;
}

/** An upstream that says nothing but what the test says on its connections. */
export function openSilentServer(): Promise<RecordingServer> {
  return openRecordingServer({ script: () => Promise.resolve() });
}

/** Resolves when a port takes no connection any more: a drain first accepts those that wait. */
export async function refuses(port: number): Promise<void> {
  const isRefused = async (): Promise<boolean> => {
    const client = await connectRaw(port).catch((error: NodeJS.ErrnoException) => error.code);
    if (typeof client !== "object") return client === "ECONNREFUSED";
    await client.close();
    return false;
  };
  assert.ok(await becomesTrue(isRefused, 20_000), `port ${port} takes connections`);
}
