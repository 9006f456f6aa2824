import type { AppliedConfiguration } from "./configuration.ts";
import { explainRequest, parseExplainRequest, type RequestExplanation } from "./explain-request.ts";

/** `GET /explain?method=GET&url=http://shop.localhost/&header=k:%20v`: explains a request by what is in force. */
export async function explainQuery(
  params: URLSearchParams,
  applied: AppliedConfiguration | null,
): Promise<RequestExplanation> {
  if (applied === null) throw new Error("no configuration is in force yet");
  const request = parseExplainRequest(
    params.get("method") ?? "GET",
    params.get("url") ?? "",
    params.getAll("header"),
  );
  return explainRequest(
    request,
    applied.units.map(({ unit }) => unit),
    applied.policies,
  );
}
