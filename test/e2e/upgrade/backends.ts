import { openHttp2Server } from "@heddle/testkit";
import { gateway, backend, route } from "../hostile/setup/resources.ts";
import { openUpstream } from "../hostile/setup/upstream.ts";

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What the load asks: answers of HTTP/1.1, echoes of WebSockets' octets and of gRPC streams. */
export async function openBackends() {
  const plain = await openUpstream(({ target }, socket) => {
    if (target === "/slow") {
      setTimeout(() => socket.write(OK), 1_500);
      return undefined;
    }
    if (target !== "/socket") return OK;
    socket.removeAllListeners("data").on("data", (octets: string) => socket.write(octets, "latin1"));
    return SWITCH;
  });
  const grpc = await openHttp2Server((stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.pipe(stream);
  });
  return {
    /** The configuration that fronts them on a port. */
    site: (port: number): string =>
      gateway({ port }) +
      backend("plain", plain.port) +
      grpcBackend(grpc.port) +
      route({ name: "all", backend: "plain" }) +
      route({
        name: "grpc",
        backend: "grpc",
        matches: ['{ path: { type: PathPrefix, value: "/echo.Echo" } }'],
      }),
    async [Symbol.asyncDispose]() {
      await plain.close();
      await grpc.close();
    },
  };
}

const grpcBackend = (port: number): string => `---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: grpc }
spec: { url: "http://127.0.0.1:${port}", protocol: HTTP2 }
`;
