import http from "node:http";

/**
 * Asks for each of `urls` in turn, `total` times in all, over so many kept connections to each at once; how often each
 * status came, and how long the slowest answer took. 0: no answer.
 */
export async function flood(
  urls: readonly string[],
  total: number,
  connections: number,
): Promise<{ statuses: Record<number, number>; slowestMs: number }> {
  const statuses: Record<number, number> = {};
  let left = total;
  let slowestMs = 0;
  const ask = async (url: string): Promise<void> => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    while (left-- > 0) {
      const startMs = performance.now();
      const status = await statusOf(url, agent);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    agent.destroy();
  };
  await Promise.all(urls.flatMap((url) => Array.from({ length: connections }, () => ask(url))));
  return { statuses, slowestMs };
}

function statusOf(url: string, agent: http.Agent): Promise<number> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode!));
    });
    request.on("error", () => resolve(0));
  });
}
