import path from "node:path";
import { loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** What the server makes of a CheckRequest, as proto-loader reads it. */
export interface CheckRequest {
  attributes: {
    source: { address: { socket_address: { address: string; port_value: number } }; principal: string };
    destination: { address: { socket_address: { address: string; port_value: number } } };
    request: {
      time: { seconds: number; nanos: number };
      http: {
        id: string;
        method: string;
        headers: Record<string, string>;
        path: string;
        host: string;
        scheme: string;
        size: number;
        protocol: string;
        body: string;
        raw_body: Buffer;
      };
    };
    context_extensions: Record<string, string>;
  };
}

export interface AuthzServer {
  readonly port: number;
  readonly seen: CheckRequest[];
  close(): void;
}

/** A server of envoy.service.auth.v3.Authorization by grpc-js, whose messages another library writes and reads. */
export async function openAuthzServer(
  answer: (request: CheckRequest) => object | { readonly code: number } | null,
): Promise<AuthzServer> {
  const file = path.join(import.meta.dirname, "ext-authz.proto");
  const loaded = loadPackageDefinition(
    loadSync(file, { keepCase: true, defaults: true, longs: Number, enums: String }),
  );
  const { Authorization } = (loaded as any).envoy.service.auth.v3 as {
    Authorization: { service: ServiceDefinition };
  };
  const seen: CheckRequest[] = [];
  const server = new Server();
  server.addService(Authorization.service, {
    Check(call: ServerUnaryCall<CheckRequest, object>, done: sendUnaryData<object>) {
      seen.push(call.request);
      const made = answer(call.request);
      // Null: it hangs.
      if (made === null) return;
      if ("code" in made) done({ code: made.code as number, details: "fails" });
      else done(null, made);
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, seen, close: () => server.forceShutdown() };
}
