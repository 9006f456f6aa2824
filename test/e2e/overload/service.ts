/**
 * A service that works on a few requests at a time, each for a while, as a process of its own: `node service.ts PORT
 * SERVERS MS`. It takes whatever comes, and lets it wait.
 */
import http from "node:http";

const [port, servers, workMs] = process.argv.slice(2).map(Number) as [number, number, number];

const waiting: http.ServerResponse[] = [];
let busy = 0;

function work(): void {
  while (busy < servers && waiting.length > 0) {
    const response = waiting.shift()!;
    busy++;
    setTimeout(() => {
      busy--;
      response.end("done");
      work();
    }, workMs);
  }
}

const server = http.createServer((_request, response) => {
  waiting.push(response);
  work();
});
server.keepAliveTimeout = 60_000;
server.listen(port, "127.0.0.1", () => console.log("listening"));
