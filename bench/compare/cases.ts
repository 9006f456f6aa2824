import { largeBytes, routePrefix, smallJson } from "../rig/index.ts";

/** One row group of the bench: what the load asks for, and how near Heddle has to come. */
export interface Case {
  name: string;
  title: string;
  isTls: boolean;
  method: "GET" | "POST";
  path: string;
  bodyBytes: number;
  expectBytes: number;
  connections: number;
  routes: number;
  /** CPU per request may be this multiple of the better of nginx and HAProxy, or of one worker's in `workers2` */
  reach: number;
  /** compares Heddle's workers with each other, on cores that proxy and load share, instead of proxies */
  comparesWorkers: boolean;
}

/** Every row: CPU per request at most this multiple of Caddy's. */
export const reachAgainstCaddy = 0.35;

/** `routes10k`: CPU per request at most this multiple of Heddle's own plain row. */
export const reachAgainstOwnPlain = 1.05;

const plain: Case = {
  name: "plain",
  title: "HTTP, 112-byte JSON, 64 connections",
  isTls: false,
  method: "GET",
  path: "/",
  bodyBytes: 0,
  expectBytes: smallJson.length,
  connections: 64,
  routes: 1,
  reach: 1.25,
  comparesWorkers: false,
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
  {
    ...plain,
    name: "workers2",
    title: "two workers against one, both cores shared with load and upstream",
    reach: 1.1,
    comparesWorkers: true,
  },
];
