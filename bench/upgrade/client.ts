// Asks over new connections, without a pause, until it is told to stop; then says how many were lost.
import net from "node:net";

const [port = "0", loops = "1", host = "127.0.0.1"] = process.argv.slice(2);

const counts = { asked: 0, lost: 0, errors: {} as Record<string, number> };
const end = new AbortController();

function ask(): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: Number(port) });
    let text = "";
    let why = "";
    socket.setTimeout(10_000, () => socket.destroy(new Error("ETIMEDOUT")));
    socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
    socket.on("error", (error: NodeJS.ErrnoException) => (why = error.code ?? error.message));
    socket.on("close", () => {
      counts.asked++;
      if (!text.endsWith("ok")) {
        counts.lost++;
        const kind = why === "" ? "ended" : why;
        counts.errors[kind] = (counts.errors[kind] ?? 0) + 1;
      }
      resolve();
    });
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  });
}

async function loop(): Promise<void> {
  while (!end.signal.aborted) await ask();
}

process.on("message", () => end.abort());
await Promise.all(Array.from({ length: Number(loops) }, loop));
process.send!(counts);
process.disconnect!();
