import type { ApiContent, ApiOperation } from "./config.ts";
import type { CompiledApi } from "./compiled-api.ts";

/** What is known of one exchange from its request's head on. */
export class CheckedExchange {
  readonly api: CompiledApi;
  readonly operation: ApiOperation;
  /** The type of the request's body, where its octets are looked at; null: they are not. */
  requestType: string | null = null;
  /** Null: there must be no body. */
  requestContent: ApiContent | null = null;
  /** The same of the response. */
  responseType: string | null = null;
  responseContent: ApiContent | null = null;
  /** Octets that a dry run has gathered; null once there are too many of them. */
  gathered: Uint8Array[] | null = [];
  gatheredBytes = 0;

  constructor(api: CompiledApi, operation: ApiOperation) {
    this.api = api;
    this.operation = operation;
  }
}
