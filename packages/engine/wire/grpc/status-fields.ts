import { GRPC_STATUS } from "./status.ts";
import { encodeStatusMessage } from "./status-message.ts";

/** As long as clients show, and as a field may be. */
const MAX_MESSAGE = 1_024;

/** The fields that say how a call ended, in trailers or in a head that is all there is. */
export function grpcStatusFields(status: number, text: string): [string, string][] {
  const fields: [string, string][] = [["grpc-status", String(status)]];
  const message = encodeStatusMessage(text.trim().slice(0, MAX_MESSAGE));
  if (message !== "" && status !== GRPC_STATUS.OK) fields.push(["grpc-message", message]);
  return fields;
}
