import type { TestContext } from "node:test";
import { serveService } from "./service.ts";
import type { ServiceParts } from "./service.ts";

/** Serves a service for one test on a free port, and closes it afterwards. Returns its origin. */
export async function serveForTest(test: TestContext, parts: ServiceParts): Promise<string> {
  const service = await serveService(parts, 0);
  test.after(() => service.close());
  return `http://127.0.0.1:${service.port}`;
}

/** The JSON body of an answer, taken for what the test expects it to be. */
export async function readJson<T>(answer: Response | Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T;
}
