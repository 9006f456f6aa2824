import type { WorkerLane } from "@heddle/engine/observe";
import type { AccessLog, AccessLogOptions } from "@heddle/engine/runtime";
import { openAccessLog } from "../../exporters/index.ts";

/** Opens the access log of one data plane; lines that are lost are counted in its lane. */
export async function openDataPlaneLog(options: AccessLogOptions, lane: WorkerLane): Promise<AccessLog> {
  const log = await openAccessLog({ ...options, lane }).catch((error: unknown) => {
    const place = `the access log ${options.path} cannot be opened`;
    throw new Error(`${place}: ${(error as Error).message}; give another one with --access-log`);
  });
  return {
    write: (record) => log.record(record),
    reopen: () => log.reopen(),
    close: () => log.close(),
  };
}
