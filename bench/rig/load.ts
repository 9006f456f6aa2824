export interface Load {
  /** wrk speaks HTTP/1.1, h2load HTTP/2 */
  generator: "wrk" | "h2load";
  url: string;
  method: "GET" | "POST";
  /** bytes of the request body; 0 sends none */
  bodyBytes: number;
  /** the load is gRPC: its body is `grpcRequest` instead, its headers gRPC's */
  isGrpc: boolean;
  connections: number;
  /** requests under way at once on each connection; wrk knows one only */
  streams: number;
  /** each request has a connection of its own; wrk alone */
  closes?: boolean;
  seconds: number;
  /** each request has one of these values, in turn; wrk alone */
  header?: { name: string; values: readonly string[] } | undefined;
  /** taskset list of the load generator */
  cores: string;
  /** where files for the generator are written */
  folder: string;
}

export interface LoadResult {
  requests: number;
  seconds: number;
  requestsPerSecond: number;
  /** answers of status 400 and above; wrk does not count 3xx, which the readiness check rules out */
  badStatuses: number;
  socketErrors: number;
  /** undefined from h2load, which tells no percentiles */
  p50Ms: number | undefined;
  p99Ms: number | undefined;
}
