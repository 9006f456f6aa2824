import { normalizePath } from "@heddle/engine/message";
import type { StaticAnswer, StaticPath } from "@heddle/filters";
import type { StaticResponseSpec } from "../../resources/index.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import type { Member, MemberPlace } from "./member.ts";
import { readTextSource, type TextReading } from "./text-source.ts";

type AnswerSpec = StaticResponseSpec["responses"][number];

export const staticResponseMember: Member<"staticResponse"> = ({ responses, audience }, at) => {
  const findings: Finding[] = [];
  const data: string[] = [];
  const answers = responses.map((spec, index) => {
    const path = `spec.staticResponse.responses[${index}]`;
    const reading = readBody(spec, path, at);
    if (reading !== null && reading.finding !== null) findings.push(reading.finding);
    if (reading !== null && reading.data !== "") data.push(reading.data);
    return answerOf(spec, reading, path, findings);
  });
  const stage = audience === "Everybody" ? "early-limits" : "content";
  return {
    filters: [{ stage, spec: { name: "static-response", config: { answers } } }],
    data,
    findings,
  };
};

function readBody({ body }: AnswerSpec, path: string, at: MemberPlace): TextReading | null {
  return body === undefined ? null : readTextSource(body.content, `${path}.body.content`, "text", at);
}

function answerOf(
  { match = {}, status, headers = [], body }: AnswerSpec,
  reading: TextReading | null,
  path: string,
  findings: Finding[],
): StaticAnswer {
  const own = headers.map(({ name, value }) => [name.toLowerCase(), value] as const);
  const hasType = body === undefined || own.some(([name]) => name === "content-type");
  return {
    paths: (match.paths ?? []).map(({ type, value }, index) =>
      pathOf(type, value, `${path}.match.paths[${index}].value`, findings),
    ),
    methods: match.methods ?? [],
    headers: (match.headers ?? []).map(({ name, value }) => ({ name: name.toLowerCase(), value })),
    status,
    responseHeaders: hasType ? own : [...own, ["content-type", body.contentType]],
    body: reading === null || reading.data === "" ? { text: reading?.text ?? "" } : { data: reading.data },
  };
}

function pathOf(type: "Exact" | "PathPrefix", text: string, at: string, findings: Finding[]): StaticPath {
  const path = normalizePath(text, "keep");
  if (path === null) {
    findings.push(
      makeFinding(
        "UnsupportedValue",
        at,
        `${text} is no path that a request can have; use one such as /robots.txt`,
      ),
    );
    return { type: "exact", value: text };
  }
  return type === "Exact"
    ? { type: "exact", value: path }
    : { type: "prefix", value: path.replace(/\/$/, "") };
}
