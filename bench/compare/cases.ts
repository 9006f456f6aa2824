import {
  bulkBytes,
  grpcPath,
  grpcResponse,
  largeBytes,
  routePrefix,
  smallJson,
  type Carried,
  type GuardName,
} from "../rig/index.ts";
import type { ProxyName } from "./proxy-names.ts";

/** One row group of the bench: what the load asks for, and how near Heddle has to come. */
export interface Case {
  name: string;
  title: string;
  carries: Carried;
  isTls: boolean;
  method: "GET" | "POST";
  path: string;
  bodyBytes: number;
  expectBytes: number;
  connections: number;
  /** requests under way at once on each connection */
  streams: number;
  /** each request has a connection of its own */
  closes: boolean;
  /** who takes part: those that can do it */
  proxies: readonly ProxyName[];
  routes: number;
  /** Heddle has a TrafficPolicy with health checks, ejection, a retry budget and a circuit breaker */
  isResilient: boolean;
  /** who may ask, and how often; undefined: everybody */
  guard?: GuardName;
  /**
   * CPU per request may be this multiple of the better of nginx and HAProxy, or of one worker's in `workers2`;
   * undefined: it is compared, and nothing is asked
   */
  reach?: number;
  /** CPU per request may be this multiple of Heddle's with `plain`; undefined: it is not compared with that */
  reachOfPlain?: number;
  /** compares Heddle's workers with each other, on cores that proxy and load share, instead of proxies */
  comparesWorkers: boolean;
}

/** Every row: CPU per request at most this multiple of Caddy's. */
export const reachAgainstCaddy = 0.35;

const httpProxies: readonly ProxyName[] = ["heddle", "heddle-nolog", "nginx", "haproxy", "caddy"];

/** A small request and answer; what is asked of it is its rows' own. */
const small: Case = {
  name: "small",
  title: "HTTP, 112-byte JSON, 64 connections",
  carries: "http1",
  isTls: false,
  method: "GET",
  path: "/",
  bodyBytes: 0,
  expectBytes: smallJson.length,
  connections: 64,
  streams: 1,
  closes: false,
  proxies: httpProxies,
  routes: 1,
  isResilient: false,
  comparesWorkers: false,
};

/** The row of Heddle with `plain` in the cases that are compared with it. */
export const plainBeside = "heddle, plain";

export const plain: Case = { ...small, name: "plain", reach: 1.25 };

/** HTTP/2 from the client. Caddy is left out: what is asked of Heddle here is asked beside the two in C. */
const h2: Case = {
  ...plain,
  name: "h2",
  title: "HTTP/2 to HTTP/1.1, 16 connections of 10 streams",
  carries: "h2-http1",
  connections: 16,
  streams: 10,
  proxies: ["heddle", "heddle-nolog", "nginx", "haproxy"],
  reach: 1.3,
};

/** What a connection costs, from its acceptance to its end. Caddy is left out, as in `h2`. */
const connect: Case = {
  ...small,
  name: "connect",
  title: "a connection for each request, 64 at once",
  closes: true,
  proxies: ["heddle", "heddle-nolog", "nginx", "haproxy"],
};

/** wrk's requests of HTTP/1.1 are the messages: the proxies see bytes. */
const tcp: Case = {
  ...plain,
  name: "tcp",
  title: "TCP, small messages to and fro on 64 connections",
  carries: "tcp",
  proxies: ["heddle", "nginx", "haproxy"],
  reach: 1.2,
};

export const cases: readonly Case[] = [
  plain,
  { ...plain, name: "tls", title: "the same over TLS, EC P-256", isTls: true, reach: 1.35 },
  {
    ...plain,
    name: "routes10k",
    title: "10,000 routes, the last one asked",
    routes: 10_000,
    path: `${routePrefix(9999)}/item`,
    reachOfPlain: 1.05,
  },
  {
    ...plain,
    name: "resilience",
    title: "plain, with health checks, ejection, retry budget and circuit breaker on",
    proxies: ["heddle", "heddle-nolog"],
    isResilient: true,
    reachOfPlain: 1.08,
  },
  {
    ...plain,
    name: "jwt",
    title: "JWT RS256, a rate limit by subject, the subject as a header",
    guard: "jwt",
    proxies: ["heddle", "heddle-nolog", "haproxy"],
    reach: 0.5,
  },
  {
    ...plain,
    name: "api-key",
    title: "API key and a rate limit by consumer",
    guard: "api-key",
    proxies: ["heddle", "heddle-nolog"],
    reachOfPlain: 1.15,
  },
  { ...plain, name: "post10k", title: "POST of 10 kB", method: "POST", bodyBytes: 10_000, reach: 1.4 },
  {
    ...plain,
    name: "body100k",
    title: "100 kB response, 16 connections",
    path: "/large",
    expectBytes: largeBytes,
    connections: 16,
    reach: 1.45,
  },
  { ...plain, name: "conns1000", title: "1,000 connections", connections: 1000, reach: 1.2 },
  connect,
  { ...connect, name: "connect-tls", title: "the same over TLS, EC P-256", isTls: true },
  {
    ...plain,
    name: "workers2",
    title: "two workers against one, both cores shared with load and upstream",
    reach: 1.1,
    comparesWorkers: true,
  },
  h2,
  { ...h2, name: "h2-tls", title: "the same over TLS, EC P-256", isTls: true },
  {
    ...h2,
    name: "h2-h2",
    title: "HTTP/2 to HTTP/2, 16 connections of 10 streams",
    carries: "h2",
    proxies: ["heddle", "heddle-nolog", "haproxy"], // nginx asks upstreams in HTTP/2 for gRPC only
    reach: 1.4,
  },
  {
    ...h2,
    name: "grpc",
    title: "gRPC unary calls, 16 connections of 10 streams",
    carries: "grpc",
    method: "POST",
    path: grpcPath,
    expectBytes: grpcResponse.length,
    // nginx's grpc_pass answers a few of a hundred thousand calls with 502, which makes its row invalid
    proxies: ["heddle", "heddle-nolog", "haproxy"],
    reach: 1.4,
  },
  tcp,
  {
    ...tcp,
    name: "tcp-bulk",
    title: "TCP in bulk, 8 connections, per megabyte",
    path: "/bulk",
    expectBytes: bulkBytes,
    connections: 8,
    proxies: ["heddle", "nginx", "haproxy", "haproxy-splicing"],
  },
];
