import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { becomesTrue, startHeddle } from "@heddle/testkit";
import { backend, gateway, route } from "../hostile/setup/resources.ts";
import { openUpstream } from "../hostile/setup/upstream.ts";
import { loopRequests } from "./client.ts";

const SWAPS = 100;
const CLIENTS = 16;

test(`${SWAPS} changes of the configuration under load: each request is answered by the old or the new one`, async () => {
  await using old = await openUpstream(() => "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\neven");
  await using young = await openUpstream(() => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nodd");
  const routeText = (generation: number) =>
    route({
      name: "all",
      backend: generation % 2 === 0 ? "even" : "odd",
      filters: [
        `{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-generation, value: "${generation}" }] } }`,
      ],
    });
  await using heddle = await startHeddle({
    files: ({ http }) => ({
      "gateway.yaml": gateway({ port: http }) + backend("even", old.port) + backend("odd", young.port),
      "route.yaml": routeText(0),
    }),
    args: ["--workers", "2"],
  });

  let generation = 0;
  let isOver = false;
  const seen: number[] = Array.from({ length: CLIENTS }, () => 0);
  const check = (client: number) => (head: string, body: string) => {
    const own = Number(/^x-generation: (\d+)/im.exec(head)?.[1] ?? -1);
    const isCurrent = own === generation || own === generation - 1;
    seen[client] = own;
    if (!head.startsWith("HTTP/1.1 200 ")) return head;
    if (body !== (own % 2 === 0 ? "even" : "odd")) return `body ${body} of generation ${own}`;
    return isCurrent ? "" : `generation ${own} while ${generation} is written`;
  };
  const loops = seen.map((_, client) =>
    loopRequests({ port: heddle.ports.http, target: "/", check: check(client), isOver: () => isOver }),
  );
  const file = path.join(heddle.configFolder, "route.yaml");
  try {
    while (generation < SWAPS) {
      generation += 1;
      writeFileSync(path.join(heddle.configFolder, ".next"), routeText(generation));
      renameSync(path.join(heddle.configFolder, ".next"), file);
      const hasArrived = () => seen.every((own) => own === generation);
      assert.ok(await becomesTrue(hasArrived, 20_000), `generation ${generation}: ${seen.join(" ")}`);
    }
  } finally {
    isOver = true;
  }
  const reports = await Promise.all(loops);
  for (const [client, { problems, hasEnded }] of reports.entries()) {
    assert.deepEqual(problems.slice(0, 5), [], `client ${client}`);
    assert.equal(hasEnded, false, `the connection of client ${client} was closed`);
  }
  const answers = reports.reduce((sum, report) => sum + report.answers, 0);
  assert.ok(answers > SWAPS * CLIENTS, `${answers} answers`);
  assert.equal(old.requests.length + young.requests.length, answers, "each request was sent once");
});
