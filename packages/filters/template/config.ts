/** What stands in a template beside text. `names`: of the header, the claim and its like; [] where there is none. */
export interface TemplateValue {
  readonly from: TemplateSource;
  readonly names: readonly string[];
}

/** The closed list of what templates can say. */
export type TemplateSource =
  | "request.method"
  | "request.scheme"
  | "request.host"
  | "request.path"
  | "request.query"
  | "request.header"
  | "query"
  | "path"
  | "client.address"
  | "listener.name"
  | "route.name"
  | "route.rule"
  | "principal.subject"
  | "principal.issuer"
  | "claim"
  | "trace.id"
  | "response.status"
  | "response.reason"
  | "response.header"
  | "fault.code";

/** Text and values in turn, read from a text by compile. */
export type Template = readonly (string | TemplateValue)[];
