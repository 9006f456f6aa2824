import type { AppliedConfiguration } from "../configuration/configuration.ts";
import type { RequestExplanation, StreamExplanation } from "../explain/index.ts";

/**
 * Explains a request by what is in force: `GET /explain?method=GET&url=http://shop.localhost/&header=k:%20v`; or a
 * connection: `GET /explain?url=tls://db.localhost:5432`.
 */
export async function explainQuery(
  params: URLSearchParams,
  applied: AppliedConfiguration | null,
): Promise<RequestExplanation | StreamExplanation> {
  if (applied === null) throw new Error("no configuration is in force yet");
  // Loaded when somebody asks: it knows all filters.
  const { explainRequest, explainStream, isStreamUrl, parseExplainRequest, parseExplainStream } =
    await import("../explain/index.ts");
  const units = applied.units.toArray().map(({ unit }) => unit);
  const url = params.get("url") ?? "";
  if (isStreamUrl(url)) return explainStream(parseExplainStream(url), units, applied.policies);
  const request = parseExplainRequest(params.get("method") ?? "GET", url, params.getAll("header"));
  return explainRequest(request, units, applied.policies);
}
