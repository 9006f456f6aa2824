import type { ErrorPage, Template } from "@heddle/filters";
import { parseTemplate, type ErrorPagesSpec } from "../../resources/index.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import type { Member, MemberPlace } from "./member.ts";
import { readTextSource } from "./text-source.ts";

type PageSpec = ErrorPagesSpec["pages"][number];

/** First of the stages: it sees every answer last but for what adds headers to all. */
export const errorPagesMember: Member<"errorPages"> = ({ of, pages }, at) => {
  const findings: Finding[] = [];
  const data: string[] = [];
  const made = pages.map((page, index): ErrorPage => ({
    statuses: page.statuses.map(rangeOf),
    format: page.format,
    content: contentOf(page, `spec.errorPages.pages[${index}].content`, at, { findings, data }),
    status: page.status ?? 0,
  }));
  return {
    filters: [{ stage: "responses", spec: { name: "error-pages", config: { of, pages: made } } }],
    data,
    findings,
  };
};

/** "404", "500-599", "5xx" */
function rangeOf(text: string): readonly [number, number] {
  if (text.endsWith("xx")) return [Number(text[0]) * 100, Number(text[0]) * 100 + 99];
  const [from, to = from] = text.split("-").map(Number);
  return [from!, to!];
}

function contentOf(
  { content }: PageSpec,
  path: string,
  at: MemberPlace,
  found: { findings: Finding[]; data: string[] },
): ErrorPage["content"] {
  if (content === undefined) return null;
  const { text, data, finding } = readTextSource(content, path, "template", at);
  const template = parseTemplate(text);
  if (finding !== null) found.findings.push(finding);
  else if (typeof template === "string") {
    const { configMap } = content;
    const where = configMap === undefined ? `${path}.text` : `${path}.configMap`;
    found.findings.push(makeFinding("InvalidTemplate", where, template));
  }
  if (data === "") return { template: (typeof template === "string" ? [] : template) as Template };
  found.data.push(data);
  return { data };
}
