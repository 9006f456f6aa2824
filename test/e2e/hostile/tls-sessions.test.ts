import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import tls from "node:tls";
import { makeCertificateAuthority, startHeddle } from "@heddle/testkit";
import { backend, certificate, gateway, route } from "./setup/resources.ts";
import { openUpstream } from "./setup/upstream.ts";

interface Answer {
  status: number;
  isResumed: boolean;
  session: Buffer | undefined;
}

/** One request on a connection of its own; the ticket is there once the answer is. */
async function ask(options: tls.ConnectionOptions): Promise<Answer> {
  const socket = tls.connect({ host: "127.0.0.1", ...options });
  let session: Buffer | undefined;
  socket.on("session", (ticket) => (session = ticket));
  await once(socket, "secureConnect");
  const isResumed = socket.isSessionReused();
  socket.write(`GET / HTTP/1.1\r\nHost: ${options.servername}\r\nConnection: close\r\n\r\n`);
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  await once(socket, "close");
  return { status: Number(text.slice(9, 12)), isResumed, session };
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`${version}: a ticket is resumed where it was given, and not at a Gateway with other certificates (threats 28)`, async () => {
    const authority = await makeCertificateAuthority();
    const [a, b] = await Promise.all(["a.test", "b.test"].map((name) => authority.issue({ names: [name] })));
    await using upstream = await openUpstream();
    await using heddle = await startHeddle({
      ports: ["one", "two"],
      files: ({ one, two }) => ({
        "site.yaml":
          certificate("a", a!) +
          certificate("b", b!) +
          gateway({ gateway: "first", port: one, hostname: "a.test", certificate: "a" }) +
          gateway({ gateway: "second", port: two, hostname: "b.test", certificate: "b" }) +
          backend("up", upstream.port) +
          route({ name: "a", gateway: "first", backend: "up" }) +
          route({ name: "b", gateway: "second", backend: "up" }),
      }),
      args: ["--workers", "1"],
    });
    const base = { ca: authority.cert, minVersion: version, maxVersion: version } as const;
    const one = { ...base, port: heddle.ports.one, servername: "a.test" };
    const two = { ...base, port: heddle.ports.two, servername: "b.test" };
    const first = await ask(one);
    assert.deepEqual([first.status, first.isResumed], [200, false]);
    assert.ok(first.session, "a ticket was given");
    const again = await ask({ ...one, session: first.session });
    assert.deepEqual([again.status, again.isResumed], [200, true], "so that what follows can fail");
    const elsewhere = await ask({ ...two, session: first.session });
    assert.deepEqual([elsewhere.status, elsewhere.isResumed], [200, false]);
    // The same port by another name: no certificate there has it, so nothing may be served by the old ticket.
    const renamed = await ask({ ...one, servername: "b.test", session: first.session }).catch(() => null);
    assert.ok(renamed === null || renamed.status !== 200, JSON.stringify(renamed));
  });
}
