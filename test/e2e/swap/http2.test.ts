import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { becomesTrue, connectHttp2, openHttp2Server, startHeddle, type Http2Client } from "@heddle/testkit";
import { gateway, route } from "../hostile/setup/resources.ts";

const CLIENTS = 4;
const STREAMS = 10;
const SWAPS = 30;

const http2Backend = (name: string, port: number): string => `---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec: { url: "http://127.0.0.1:${port}", protocol: HTTP2 }
`;

interface Report {
  answers: number;
  problems: string[];
}

/** Asks on several streams at a time, until the client's connection takes no more or `isOver`. */
async function loop(
  client: Http2Client,
  isOver: () => boolean,
  seen: (generation: number) => void,
): Promise<Report> {
  const report: Report = { answers: 0, problems: [] };
  const one = async (): Promise<void> => {
    while (!isOver() && client.goaways.length === 0 && !client.session.closed) {
      const response = await client
        .request({ ":method": "POST", ":path": "/" }, { body: "ping" })
        .catch((error: Error) => error);
      if (response instanceof Error) {
        // Asked for when GOAWAY was there already: Node has not sent it, and it may be sent again.
        const isUnsent = client.goaways.length > 0 && response.message.includes("REFUSED_STREAM");
        if (!isUnsent) report.problems.push(response.message);
        return;
      }
      report.answers += 1;
      const body = response.body.toString();
      if (response.status !== 200 || !/^(even|odd) 4$/.test(body)) {
        report.problems.push(`${response.status} ${body}`);
      }
      seen(Number(response.headers["x-generation"]));
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, one));
  return report;
}

async function openBackend(name: string) {
  return openHttp2Server((stream) => {
    let length = 0;
    stream.on("data", (chunk: Buffer) => (length += chunk.length));
    stream.on("end", () => {
      stream.respond({ ":status": 200 });
      stream.end(`${name} ${length}`);
    });
  });
}

const routeText = (generation: number): string =>
  route({
    name: "all",
    backend: generation % 2 === 0 ? "even" : "odd",
    filters: [
      `{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-generation, value: "${generation}" }] } }`,
    ],
  });

test(`HTTP/2 on both sides: ${SWAPS} changes of the configuration, then SIGTERM, under load: no request is lost`, async () => {
  await using even = await openBackend("even");
  await using odd = await openBackend("odd");
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "gateway.yaml":
        gateway({ port: http }) + http2Backend("even", even.port) + http2Backend("odd", odd.port),
      "route.yaml": routeText(0),
    }),
    args: ["--workers", "2"],
  });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connectHttp2(heddle.ports.http)));
  const latest = clients.map(() => -1);
  const loops = clients.map((client, at) =>
    loop(
      client,
      () => false,
      (generation) => (latest[at] = generation),
    ),
  );
  for (let generation = 1; generation <= SWAPS; generation++) {
    writeFileSync(path.join(heddle.configFolder, ".next"), routeText(generation));
    renameSync(path.join(heddle.configFolder, ".next"), path.join(heddle.configFolder, "route.yaml"));
    const hasArrived = () => latest.every((own) => own === generation);
    assert.ok(await becomesTrue(hasArrived, 20_000), `generation ${generation}: ${latest.join(" ")}`);
  }
  heddle.kill("SIGTERM");
  const reports = await Promise.all(loops);
  for (const { problems } of reports) assert.deepEqual(problems.slice(0, 5), []);
  const answers = reports.reduce((sum, report) => sum + report.answers, 0);
  assert.ok(answers > SWAPS * CLIENTS, `${answers} answers`);
  assert.equal(even.streamCount + odd.streamCount, answers, "each request was sent once");
  for (const client of clients) assert.deepEqual(new Set(client.goaways), new Set([0]));
  await Promise.all(clients.map((client) => client.close()));
  assert.deepEqual(await heddle.ended, { code: 0, signal: null }, heddle.stderr());
});
