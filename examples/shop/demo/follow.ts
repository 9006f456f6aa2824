// Prints what comes over a WebSocket on HTTP/2, until Ctrl-C: npx node follow.ts wss://HOST/PATH CA.crt
import { readFileSync } from "node:fs";
import { lookupLoopback } from "./send.ts";
import { openHttp2WebSocket } from "./web-socket.ts";

const [url = "", caFile = ""] = process.argv.slice(2);

try {
  const socket = await openHttp2WebSocket(url, { ca: readFileSync(caFile, "utf8"), lookup: lookupLoopback });
  console.log(`open, over HTTP/2; place an order at https://${new URL(url).host}/ to see it here`);
  socket.on("message", (data: Buffer) => console.log(data.toString()));
  socket.on("close", (code) => console.log(`closed with ${code}`));
  socket.resume();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
