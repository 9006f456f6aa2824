import { createSecureContext } from "node:tls";
import {
  ChannelCredentials,
  Client,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ClientOptions,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type ServiceError,
} from "@grpc/grpc-js";

/** The messages of the echo service: JSON, since what matters here is how they travel. */
export interface EchoMessage {
  text?: string;
  /** Ends the call with that status. */
  fail?: number;
  /** `grpc-retry-pushback-ms` of that status. */
  pushback?: string;
  /** Messages that a stream of the server has. */
  count?: number;
  /** Octets of filling. */
  fill?: string;
  /** Answers never. */
  hangs?: boolean;
}

/** What the server saw of a call. */
export interface EchoReply extends EchoMessage {
  servedBy: string;
  method: string;
  metadata: Record<string, string[]>;
  /** Milliseconds that the server was told to have; -1 for any. */
  leftMs: number;
}

const json = {
  serialize: (value: object) => Buffer.from(JSON.stringify(value)),
  deserialize: <T>(bytes: Buffer) => JSON.parse(bytes.toString()) as T,
};

type Method = MethodDefinition<EchoMessage, EchoReply>;

/** As upstream's conformance suite names its service. */
export const echoService = "gateway_api_conformance.echo_basic.grpcecho.GrpcEcho";

const method = (name: string, requestStream: boolean, responseStream: boolean, service: string): Method => ({
  path: `/${service}/${name}`,
  requestStream,
  responseStream,
  requestSerialize: json.serialize,
  requestDeserialize: json.deserialize,
  responseSerialize: json.serialize,
  responseDeserialize: json.deserialize,
});

const unaryMethods = ["Echo", "EchoTwo", "EchoThree"] as const;

/** The methods of a service of that name: unary ones, and one of each kind of stream. */
function echoMethods(service: string = echoService) {
  const unary = Object.fromEntries(unaryMethods.map((name) => [name, method(name, false, false, service)]));
  return {
    ...(unary as Record<(typeof unaryMethods)[number], Method>),
    Collect: method("Collect", true, false, service),
    Repeat: method("Repeat", false, true, service),
    Chat: method("Chat", true, true, service),
  };
}

const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };

/** grpc.health.v1.Health, with its one message as bytes. */
const healthService = {
  Check: {
    path: "/grpc.health.v1.Health/Check",
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  },
};

export interface GrpcEcho {
  readonly name: string;
  readonly port: number;
  /** Calls by method, as they began. */
  readonly calls: { method: string; metadata: Record<string, string[]> }[];
  /** Calls that the client took back. */
  cancelled: number;
  /** What it answers the health protocol: 1 for serving, 2 for not. */
  health: number;
  close(): void;
}

/** A gRPC server of grpc-js; in clear text without `tls`, both PEM. */
export async function openGrpcEcho(
  name: string,
  port: number = 0,
  tls?: { cert: string; key: string },
): Promise<GrpcEcho> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_metadata_size": 65_536 });
  const echo = {
    name,
    port: 0,
    calls: [] as GrpcEcho["calls"],
    cancelled: 0,
    health: 1,
    close: () => server.forceShutdown(),
  };
  server.addService(echoMethods(), handlers(echo));
  server.addService(healthService, {
    Check: (_call: unknown, done: sendUnaryData<Buffer>) => done(null, Buffer.from([8, echo.health])),
  });
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) },
        ]);
  echo.port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return echo;
}

type AnyCall = Pick<ServerUnaryCall<EchoMessage, EchoReply>, "metadata" | "getPath" | "getDeadline"> & {
  on(event: "cancelled", listener: () => void): unknown;
};

function handlers(echo: GrpcEcho & { cancelled: number }) {
  const begin = (call: AnyCall) => {
    const metadata = textsOf(call.metadata);
    echo.calls.push({ method: call.getPath().split("/").at(-1)!, metadata });
    call.on("cancelled", () => echo.cancelled++);
    const deadline = Number(call.getDeadline());
    const leftMs = Number.isFinite(deadline) ? deadline - Date.now() : -1;
    return (message: EchoMessage): EchoReply => ({
      ...message,
      servedBy: echo.name,
      method: call.getPath(),
      metadata,
      leftMs,
    });
  };
  const unary = (call: ServerUnaryCall<EchoMessage, EchoReply>, done: sendUnaryData<EchoReply>) => {
    const reply = begin(call);
    const { request } = call;
    if (request.hangs === true) return;
    if (request.fail !== undefined)
      done({ code: request.fail, details: `fails: ünd 100%`, metadata: trailers(request.pushback) });
    else done(null, reply(request), trailers());
  };
  return {
    Echo: unary,
    EchoTwo: unary,
    EchoThree: unary,
    Collect(call: ServerReadableStream<EchoMessage, EchoReply>, done: sendUnaryData<EchoReply>) {
      const reply = begin(call);
      let text = "";
      let count = 0;
      call.on("data", (message: EchoMessage) => {
        text += message.text ?? "";
        count++;
      });
      call.on("end", () => done(null, reply({ text, count }), trailers()));
    },
    Repeat(call: ServerWritableStream<EchoMessage, EchoReply>) {
      const reply = begin(call);
      const { count = 1, fail, hangs } = call.request;
      let sent = 0;
      const go = () => {
        while (sent < count && !call.cancelled)
          if (!call.write(reply({ ...call.request, count: sent++ }))) break;
        if (call.cancelled) return;
        if (sent < count) call.once("drain", go);
        else if (fail !== undefined) call.emit("error", { code: fail, details: "behind messages" });
        else if (hangs !== true) call.end(trailers());
      };
      go();
    },
    Chat(call: ServerDuplexStream<EchoMessage, EchoReply>) {
      const reply = begin(call);
      call.on("data", (message: EchoMessage) => call.write(reply(message)));
      call.on("end", () => call.end(trailers()));
    },
  };
}

function trailers(pushback?: string): Metadata {
  const metadata = new Metadata();
  if (pushback !== undefined) metadata.set("grpc-retry-pushback-ms", pushback);
  metadata.set("x-trailer", "at the end");
  metadata.set("x-trailer-bin", Buffer.from([0, 1, 254, 255]));
  return metadata;
}

function textsOf(metadata: Metadata): Record<string, string[]> {
  const names = Object.keys(metadata.getMap());
  return Object.fromEntries(names.map((name) => [name, metadata.get(name).map(String)]));
}

export interface CallOptions {
  method?: (typeof unaryMethods)[number];
  service?: string;
  metadata?: Record<string, string>;
  deadlineMs?: number;
}

export interface CallResult {
  /** 0 for OK. */
  code: number;
  details: string;
  reply: EchoReply | null;
  headers: Record<string, string[]>;
  trailers: Metadata;
}

/** A client of the gateway at that port, for one authority. */
export class EchoClient {
  readonly channel: Client;

  constructor(port: number, authority: string, options: ClientOptions & { ca?: string } = {}) {
    const { ca, ...rest } = options;
    const credentials =
      ca === undefined
        ? ChannelCredentials.createInsecure()
        : ChannelCredentials.createFromSecureContext(createSecureContext({ ca }));
    this.channel = new Client(`127.0.0.1:${port}`, credentials, {
      "grpc.default_authority": authority,
      "grpc.ssl_target_name_override": authority,
      // Retries are the gateway's to show.
      "grpc.enable_retries": 0,
      "grpc.max_receive_message_length": -1,
      ...rest,
    });
  }

  /** A unary call; never rejects for a status. */
  call(message: EchoMessage = {}, options: CallOptions = {}): Promise<CallResult> {
    const { method: name = "Echo", service, deadlineMs = 10_000 } = options;
    const metadata = metadataOf(options.metadata);
    const definition = echoMethods(service)[name];
    return new Promise((resolve) => {
      let headers: Record<string, string[]> = {};
      let result: Omit<CallResult, "headers" | "trailers"> | null = null;
      const call = this.channel.makeUnaryRequest<EchoMessage, EchoReply>(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        message,
        metadata,
        { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, reply?: EchoReply) => {
          result = { code: error?.code ?? 0, details: error?.details ?? "", reply: reply ?? null };
        },
      );
      call.on("metadata", (found) => (headers = textsOf(found)));
      // Behind the callback, in every case.
      call.on("status", ({ metadata: found }) =>
        setImmediate(() => resolve({ ...result!, headers, trailers: found })),
      );
    });
  }

  collect(messages: readonly EchoMessage[], metadata?: Record<string, string>): Promise<CallResult> {
    const definition = echoMethods().Collect;
    return new Promise((resolve) => {
      const call = this.channel.makeClientStreamRequest<EchoMessage, EchoReply>(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        metadataOf(metadata),
        { deadline: Date.now() + 10_000 },
        (error, reply) => {
          const code = error?.code ?? 0;
          resolve({
            code,
            details: error?.details ?? "",
            reply: reply ?? null,
            headers: {},
            trailers: new Metadata(),
          });
        },
      );
      for (const message of messages) call.write(message);
      call.end();
    });
  }

  repeat(message: EchoMessage, deadlineMs: number = 10_000) {
    const { path, requestSerialize, responseDeserialize } = echoMethods().Repeat;
    return this.channel.makeServerStreamRequest<EchoMessage, EchoReply>(
      path,
      requestSerialize,
      responseDeserialize,
      message,
      new Metadata(),
      { deadline: Date.now() + deadlineMs },
    );
  }

  chat(metadata?: Record<string, string>) {
    const { path, requestSerialize, responseDeserialize } = echoMethods().Chat;
    return this.channel.makeBidiStreamRequest<EchoMessage, EchoReply>(
      path,
      requestSerialize,
      responseDeserialize,
      metadataOf(metadata),
      { deadline: Date.now() + 10_000 },
    );
  }

  close(): void {
    this.channel.close();
  }
}

function metadataOf(texts: Record<string, string> = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(texts)) metadata.set(name, value);
  return metadata;
}

export { status };
