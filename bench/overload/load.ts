import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "./client.ts";

export interface LoadOptions {
  port: number;
  /** requests a second, whether or not the earlier ones were answered; undefined: each connection asks again at once */
  rate: number | undefined;
  connections: number;
  seconds: number;
}

export interface LoadResult {
  seconds: number;
  /** 200 */
  served: number;
  /** 503 */
  refused: number;
  /** anything else, and connections that broke */
  failed: number;
  /** statuses of these, by how often; 0: the connection broke */
  failures: Record<number, number>;
  /** due while no connection was free: clients that had to give up */
  unsent: number;
  /** of those served, from the request's first octet to the answer's last */
  latenciesMs: number[];
}

const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
/** connections are made before the measurement, and load begins before it too */
const openMs = 3000;
const leadMs = 3000;

/** Sends requests for some seconds, after a lead in which nothing is measured. */
export async function runLoad({ port, rate, connections, seconds }: LoadOptions): Promise<LoadResult> {
  const free: Client[] = [];
  const clients = new Set<Client>();
  const result: LoadResult = {
    seconds,
    served: 0,
    refused: 0,
    failed: 0,
    failures: {},
    unsent: 0,
    latenciesMs: [],
  };
  let isMeasuring = false;
  let isSending = false;
  const open = (): void => {
    const client = new Client(port, {
      onFree: (freed) => (rate === undefined && isSending ? freed.send(request) : void free.push(freed)),
      onAnswer: (status, latencyMs) => {
        if (!isMeasuring) return;
        if (status === 200) result.latenciesMs.push(latencyMs);
        if (status !== 200 && status !== 503) result.failures[status] = (result.failures[status] ?? 0) + 1;
        result[status === 200 ? "served" : status === 503 ? "refused" : "failed"]++;
      },
      onClosed: (closed) => clients.delete(closed),
    });
    clients.add(client);
  };
  for (let i = 0; i < connections; i++) {
    open();
    if (i % 100 === 99) await sleep(10);
  }
  await sleep(openMs);

  isSending = true;
  const startMs = performance.now();
  let sent = 0;
  const sendDue = (): void => {
    const due = Math.floor(((performance.now() - startMs) / 1000) * (rate ?? 0));
    for (; sent < due; sent++) {
      let client = free.pop();
      while (client?.isClosed === true) client = free.pop();
      if (client !== undefined) client.send(request);
      else if (isMeasuring) result.unsent++;
    }
  };
  if (rate === undefined) for (const client of free.splice(0)) client.send(request);
  const timer = setInterval(sendDue, 1);
  await sleep(leadMs);
  isMeasuring = true;
  const measuredMs = performance.now();
  await sleep(seconds * 1000);
  isMeasuring = false;
  result.seconds = (performance.now() - measuredMs) / 1000;
  clearInterval(timer);
  isSending = false;
  for (const client of clients) client.close();
  return result;
}
