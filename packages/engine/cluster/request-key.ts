import { hashKey, NO_KEY } from "../balance/index.ts";
import { readCookie } from "../message/index.ts";
import type { RequestHead } from "../message/index.ts";
import type { HashKeySpec } from "../model/index.ts";
import { queryParam } from "../route/index.ts";

/** The key of a request by which a cluster hashes; NO_KEY where the request has none. `clientAddress` may be "". */
export function requestKey(spec: HashKeySpec, request: RequestHead, clientAddress: string): number {
  const text = keyText(spec, request, clientAddress);
  return text === undefined || text === "" ? NO_KEY : hashKey(text);
}

function keyText({ on, name }: HashKeySpec, request: RequestHead, clientAddress: string): string | undefined {
  switch (on) {
    case "header":
      // Host is no field: the authority stands for it.
      return name === "host" ? request.authority : request.fields.getList(name);
    case "cookie":
      return readCookie(request, name);
    case "query":
      return queryParam(request.query, name);
    case "source":
      return clientAddress;
    case "path":
      return request.path;
  }
}
