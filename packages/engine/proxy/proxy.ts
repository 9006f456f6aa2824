import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { Exchange, hostOf } from "../message/index.ts";
import type { ExchangeEvents, MatchInfo, Peer, RequestHead, ResponseSink } from "../message/index.ts";
import type { ServerSpec } from "../model/index.ts";
import type { RouteEntry, Router } from "../route/index.ts";
import { grpcFormOfRequest } from "../wire/grpc/index.ts";
import type { ForwardedHeaders } from "./forwarded-headers.ts";
import type { Flow } from "./flow.ts";
import { openFlow } from "./open-flow.ts";
import type { FlowContext } from "./flow-context.ts";
import { spendForward } from "./max-forwards.ts";
import { GrpcWebCall } from "./grpc-web-call.ts";
import type { PriorityHeader } from "./priority-header.ts";
import type { Rule } from "./rule.ts";

/** What the proxy asks of a router. */
export interface RequestRouter extends Pick<Router<Rule>, "findServer"> {
  find(head: RequestHead): Pick<RouteEntry<Rule>, "value" | "matchedPath"> | null;
}

/** A bound listener as the proxy sees it: replaced whole by a swap of the Snapshot, read once per request. */
export interface Site {
  readonly router: RequestRouter;
  readonly forwarded: ForwardedHeaders;
  /** By which those in front may say how important a request is; null where nobody may. */
  readonly priorityHeader: PriorityHeader | null;
  /** For requests that match no route. */
  readonly info: MatchInfo;
  /** What has a part in how they are refused; null where nothing has. */
  readonly unrouted: UnroutedRules | null;
}

/** By the server that a request is for: rules that take no request anywhere. */
export interface UnroutedRules {
  find(server: ServerSpec | null): Rule | null;
}

/** Gives a request its trace context: continues the client's or starts one. */
export interface Tracer {
  trace(exchange: Exchange): void;
}

/** Takes requests from listeners and from callers in this process. */
export class Proxy {
  private readonly context: FlowContext;
  private readonly tracer: Tracer | null;

  constructor(context: FlowContext, tracer: Tracer | null) {
    this.context = context;
    this.tracer = tracer;
  }

  /** Opens an exchange. Answers through `sink`, perhaps before this returns. `isLast`: the request has no body. */
  open(request: RequestHead, isLast: boolean, peer: Peer, sink: ResponseSink, site: Site): ExchangeEvents {
    const exchange = new Exchange(request, peer, site.info, this.context.clock.now());
    if (this.tracer !== null) this.tracer.trace(exchange);
    site.forwarded.apply(exchange);
    if (site.priorityHeader !== null) site.priorityHeader.guard(exchange);
    exchange.grpcForm = grpcFormOfRequest(request);
    const misdirected = peer.tls === null ? null : checkServerName(request, peer.tls.serverName, site);
    const found = misdirected === null ? site.router.find(request) : null;
    let rule: Rule | null = null;
    if (found !== null) {
      rule = found.value;
      exchange.match = found.value.info;
      exchange.matchedPath = found.matchedPath;
    } else if (site.unrouted !== null && misdirected === null) {
      rule = site.unrouted.find(site.router.findServer(request.authority));
    }
    const web =
      rule !== null && rule.translatesGrpcWeb && isWeb(exchange) ? new GrpcWebCall(exchange, sink) : null;
    const flow = openFlow(this.context, exchange, isLast, web ?? sink, rule);
    web?.attach(flow);
    const reply = misdirected === null ? spendForward(request) : null;
    if (misdirected !== null) flow.refuse(misdirected);
    else if (reply !== null) flow.answer(reply);
    else if (rule !== null && this.isTooMuch(exchange, rule, site)) this.holdBack(flow);
    else flow.start();
    return web ?? flow;
  }

  /** What no route takes costs no more than a refusal where nothing has a part in that, and is answered. */
  private isTooMuch(exchange: Exchange, rule: Rule, { priorityHeader }: Site): boolean {
    const { shedder } = this.context;
    if (shedder === null || !shedder.isOn) return false;
    const asked = priorityHeader === null ? -1 : priorityHeader.read(exchange);
    return !shedder.admits(asked === -1 ? rule.priority : asked, this.context.clock.now());
  }

  private holdBack(flow: Flow): void {
    flow.waitForRefusal();
    this.context.shedder!.hold(flow);
  }
}

const isWeb = ({ grpcForm }: Exchange): boolean => grpcForm !== "" && grpcForm !== "grpc";

/**
 * Threats 15: a connection made for one server must not reach another one's routes (RFC 9110 section 15.5.20). A host
 * that no server has is not misdirected: it has no route, and the Gateway API wants 404.
 */
function checkServerName(request: RequestHead, serverName: string, site: Site): Fault | null {
  const host = hostOf(request.authority);
  if (serverName === "" || serverName === host) return null;
  const server = site.router.findServer(host);
  if (server === null || server === site.router.findServer(serverName)) return null;
  return makeFault(
    "HDL_REQUEST_MISDIRECTED",
    "the authority belongs to another listener than the server name",
  );
}
