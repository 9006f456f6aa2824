/** How endpoints are asked whether they serve, by one worker for all: by `http`, by `grpc`, else by a connection. */
export interface HealthCheckSpec {
  readonly http?: HttpHealthSpec;
  /** The gRPC health protocol. `service` "" for the server as a whole. */
  readonly grpc?: { readonly service: string };
  /** Of the checks; 0 for the endpoint's own. */
  readonly port: number;
  readonly intervalMs: number;
  /** The interval is so much longer or shorter, at random. */
  readonly jitterMs: number;
  readonly timeoutMs: number;
  /** Answers in a row; the very first decides at once. */
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

/** A GET, in the HTTP version of the cluster. */
export interface HttpHealthSpec {
  /** "" for the endpoint's name, or the one that its certificate is checked for. */
  readonly host: string;
  /** With a query where there is one. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Good ones, from and to. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  /** A text that the body has in its first 64 KiB; "" for any. */
  readonly body: string;
}
