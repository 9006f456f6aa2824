/** Bound listeners: accept, TLS, requests of HTTP/1.1 and HTTP/2 connections, time limits of slow clients, drain. */
export { Http1Downstream } from "./http1-downstream.ts";
export type {
  ClientConnection,
  Downstream,
  DownstreamOwner,
  RequestHandler,
  StreamDownstream,
  StreamHandler,
  StreamOwner,
} from "./downstream.ts";
export { GRACE_MS, Listener } from "./listener.ts";
export type { ListenerObserver, ListenerOptions } from "./listener.ts";
export { DatagramListener } from "./datagram-listener.ts";
export type { DatagramFlow, DatagramHandler, DatagramObserver } from "./datagram-listener.ts";
