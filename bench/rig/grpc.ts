/** The one call of the gRPC rows: a unary call of a small message, answered with one. */
export const grpcPath = "/heddle.bench.Echo/Say";

/** Of a call: what every gRPC client sends, deadlines and user agent apart. */
export const grpcHeaders = { "content-type": "application/grpc", te: "trailers" };

/** `message Text { string text = 1; }`, in gRPC's frame: not compressed, length, message. */
export const grpcRequest = grpcFrame("five wefts");
export const grpcResponse = grpcFrame("a small answer, about as long as such answers are");

function grpcFrame(text: string): Buffer {
  const message = Buffer.concat([Buffer.from([0x0a, text.length]), Buffer.from(text)]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
