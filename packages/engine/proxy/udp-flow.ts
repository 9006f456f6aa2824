import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Cluster, Endpoint } from "../cluster/index.ts";
import type { DatagramFlow } from "../listener/index.ts";
import { Exchange, Fields, RequestHead, ResponseHead } from "../message/index.ts";
import type { MatchInfo, Peer } from "../message/index.ts";
import { dialDatagrams } from "../net/index.ts";
import type { ConnectedDatagrams, DatagramEvents } from "../net/index.ts";
import type { FlowContext } from "./flow-context.ts";
import type { StreamRule } from "./stream-relay.ts";

/** `protocolName` of it is UDP. */
const UDP_VERSION = 1;

/** Of this process: no endpoint is to blame. */
const LOCAL_ERRORS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"]);

/**
 * The way of one UDP client: an endpoint, chosen with the first datagram, and a socket towards it. A share of clients
 * whose backend does not resolve goes nowhere, as the Gateway API asks: so do all of its datagrams.
 */
export class UdpFlow implements DatagramFlow, DatagramEvents {
  private readonly context: FlowContext;
  private readonly exchange: Exchange;
  private readonly rule: StreamRule | null;
  private readonly currentRule: () => StreamRule | null;
  private readonly reply: (bytes: Uint8Array) => void;
  private readonly failed: () => void;
  private cluster: Cluster | null = null;
  private endpoint: Endpoint | null = null;
  private socket: ConnectedDatagrams | null = null;
  private fault: Fault | null = null;
  private isOver = false;

  /** `currentRule`: what the listener's route is by now. */
  constructor(
    context: FlowContext,
    peer: Peer,
    currentRule: () => StreamRule | null,
    info: MatchInfo,
    reply: (bytes: Uint8Array) => void,
    failed: () => void,
  ) {
    this.context = context;
    this.currentRule = currentRule;
    this.reply = reply;
    this.failed = failed;
    const rule = currentRule();
    this.rule = rule;
    const head = new RequestHead("", "http", "", "", "", new Fields());
    head.version = UDP_VERSION;
    this.exchange = new Exchange(head, peer, rule === null ? info : rule.info, context.clock.now());
    context.observer.exchangeStarted(this.exchange);
    this.choose();
  }

  private choose(): void {
    const { context, exchange, rule } = this;
    const backend = rule === null ? null : rule.backends.choose(context.random);
    if (rule === null) {
      this.fault = makeFault("HDL_NO_ROUTE", "no route takes the datagrams");
      return;
    }
    if (backend === null || backend.cluster === null) {
      this.fault = makeFault("HDL_BACKEND_UNRESOLVED", "the route's backend does not resolve");
      return;
    }
    const { cluster } = backend;
    exchange.cluster = cluster.name;
    exchange.clusterIndex = cluster.index;
    const key = cluster.keyOf(exchange.request, exchange.clientAddress);
    const endpoint = cluster.pick(null, undefined, key);
    if (endpoint === null) {
      this.fault = makeFault("HDL_NO_ENDPOINTS", `${cluster.name} has no endpoints`);
      return;
    }
    this.cluster = cluster;
    this.endpoint = endpoint;
    exchange.attempts = 1;
    exchange.endpoint = endpoint.name;
    exchange.endpointIndex = endpoint.index;
    exchange.upstreamStartedMs = exchange.startedMs;
    // It is done by being sent: many protocols have no answer.
    exchange.response = new ResponseHead(200, new Fields());
    cluster.attemptStarted(endpoint);
    this.socket = dialDatagrams(endpoint.choice?.order ?? endpoint.address, endpoint.port, this);
  }

  get isCurrent(): boolean {
    if (this.endpoint !== null && this.endpoint.isRemoved) return false;
    if (this.currentRule() !== this.rule) return false;
    // Endpoints may have come since.
    return this.fault?.code !== "HDL_NO_ENDPOINTS";
  }

  send(bytes: Uint8Array): boolean {
    if (this.socket === null) return false;
    this.exchange.requestBytes += bytes.length;
    this.socket.send(bytes);
    return true;
  }

  onDatagram(bytes: Buffer): void {
    if (this.isOver) return;
    const { exchange, context } = this;
    if (exchange.responseHeadMs === 0) {
      exchange.responseHeadMs = context.clock.now();
      this.cluster!.attemptAnswered(this.endpoint!, 200, exchange.responseHeadMs - exchange.startedMs);
    }
    exchange.responseBytes += bytes.length;
    this.reply(bytes);
  }

  /** Nobody listens there: the client's next datagram finds another endpoint. */
  onFailed(error: NodeJS.ErrnoException): void {
    if (this.isOver) return;
    const { name } = this.endpoint!;
    const code = LOCAL_ERRORS.has(error.code ?? "") ? "HDL_OVERLOADED" : "HDL_UPSTREAM_CONNECT_FAILED";
    this.fault = makeFault(code, `send to ${name}: ${error.message}`, error);
    this.failed();
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { cluster, endpoint, fault, exchange, context } = this;
    this.socket?.close();
    if (endpoint !== null) {
      if (fault !== null) cluster!.attemptFailed(endpoint, fault);
      cluster!.attemptEnded(endpoint, fault !== null);
    }
    exchange.fault = fault;
    exchange.markEnded(context.clock.now());
    context.observer.exchangeEnded(exchange);
  }
}
