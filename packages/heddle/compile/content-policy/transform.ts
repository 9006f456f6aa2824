import { normalizePath } from "@heddle/engine/message";
import type {
  JsonEdits,
  JsonPlace,
  NamedEdits,
  PathPattern,
  RequestEdits,
  ResponseEdits,
  Template,
} from "@heddle/filters";
import { parseTemplate, type TransformSpec } from "../../resources/index.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import type { Member } from "./member.ts";

type RuleSpec = TransformSpec["rules"][number];
type RequestSpec = NonNullable<RuleSpec["request"]>;
type ResponseSpec = NonNullable<RuleSpec["response"]>;
type NamedSpec = RequestSpec["headers"] | RequestSpec["query"];
type JsonSpec = NonNullable<RequestSpec["json"]>;

export const transformMember: Member<"transform"> = ({ rules, maxBodyBytes, maxDepth }) => {
  const findings: Finding[] = [];
  const made = rules.map((spec, index) => {
    const path = `spec.transform.rules[${index}]`;
    const pattern = patternOf(spec.path, `${path}.path`, findings);
    const reader = new Reader(pattern, findings);
    return {
      methods: spec.methods ?? [],
      pattern,
      request: spec.request === undefined ? null : requestOf(spec.request, reader, `${path}.request`),
      response: spec.response === undefined ? null : responseOf(spec.response, reader, `${path}.response`),
    };
  });
  const config = { rules: made, maxBodyBytes, maxDepth };
  return { filters: [{ stage: "transformation", spec: { name: "transform", config } }], findings };
};

/** Reads what a rule writes, and finds what is wrong with it. */
class Reader {
  private readonly names: ReadonlySet<string>;
  readonly findings: Finding[];

  constructor(pattern: PathPattern | null, findings: Finding[]) {
    this.names = new Set((pattern?.segments ?? []).flatMap((one) => ("name" in one ? [one.name] : [])));
    this.findings = findings;
  }

  template(text: string, at: string, isRequest: boolean): Template {
    const parsed = parseTemplate(text);
    // The kind's schema refuses such.
    if (typeof parsed === "string") return [];
    for (const part of parsed) {
      if (typeof part === "string") continue;
      if (part.from === "path" && !this.names.has(part.names[0]!))
        this.find(at, `path.${part.names[0]} is no name in the rule's path; write {${part.names[0]}} there`);
      if (isRequest && (part.from.startsWith("response.") || part.from === "fault.code"))
        this.find(at, `there is no ${part.from} yet when a request is changed; use it in response`);
    }
    return parsed as Template;
  }

  find(at: string, problem: string): void {
    this.findings.push(makeFinding("UnsupportedValue", at, problem));
  }

  named(spec: NamedSpec, at: string, isRequest: boolean, isHeader: boolean): NamedEdits {
    const named = (name: string) => (isHeader ? name.toLowerCase() : name);
    const { rename = [], set = [], add = [], remove = [] } = spec ?? {};
    const templates = (all: typeof set, field: string) =>
      all.map(({ name, value }, index) => ({
        name: named(name),
        value: this.template(value, `${at}.${field}[${index}].value`, isRequest),
      }));
    return {
      rename: rename.map(({ from, to }) => ({ from: named(from), to: named(to) })),
      set: templates(set, "set"),
      add: templates(add, "add"),
      remove: remove.map(named),
    };
  }

  json(spec: JsonSpec | undefined, at: string, isRequest: boolean): JsonEdits | null {
    if (spec === undefined) return null;
    const { rename = [], set = [], remove = [] } = spec;
    return {
      rename: rename.map(({ from, to }) => ({ at: placeOf(from), to })),
      set: set.map(({ pointer, value, json }, index) => ({
        at: placeOf(pointer),
        value:
          value === undefined
            ? { json: this.jsonText(json!, `${at}.set[${index}].json`) }
            : { template: this.template(value, `${at}.set[${index}].value`, isRequest) },
      })),
      remove: remove.map(placeOf),
    };
  }

  private jsonText(text: string, at: string): string {
    try {
      let hasPrototype = false;
      JSON.parse(text, (key, value: unknown) => {
        if (key === "__proto__") hasPrototype = true;
        return value;
      });
      if (!hasPrototype) return text;
      this.find(at, "it has a member __proto__; take it out");
    } catch {
      this.find(at, 'it is no JSON; strings have quotes, such as "a"');
    }
    return "null";
  }
}

function requestOf(spec: RequestSpec, reader: Reader, at: string): RequestEdits {
  return {
    headers: reader.named(spec.headers, `${at}.headers`, true, true),
    query: reader.named(spec.query, `${at}.query`, true, false),
    path: spec.path === undefined ? null : pathOf(spec.path, reader, `${at}.path`),
    method: spec.method ?? "",
    json: reader.json(spec.json, `${at}.json`, true),
  };
}

const responseOf = (spec: ResponseSpec, reader: Reader, at: string): ResponseEdits => ({
  status: spec.status ?? 0,
  headers: reader.named(spec.headers, `${at}.headers`, false, true),
  json: reader.json(spec.json, `${at}.json`, false),
});

function pathOf(text: string, reader: Reader, at: string): Template {
  const template = reader.template(text, at, true);
  // With something plain in place of each value.
  const sample = template.map((part) => (typeof part === "string" ? part : "x")).join("");
  if (normalizePath(sample, "keep") !== sample)
    reader.find(at, `${text} is not in normal form; use a path such as /users/\${path.id}, without a query`);
  return template;
}

/** "/users/{id}", "/files/**" */
function patternOf(text: string | undefined, at: string, findings: Finding[]): PathPattern | null {
  if (text === undefined) return null;
  const isOpen = text.endsWith("/**");
  const whole = isOpen ? text.slice(0, -3) : text;
  const segments = whole === "" ? [] : whole.slice(1).split("/");
  const names = segments.filter((one) => one.startsWith("{")).map((one) => one.slice(1, -1));
  const sample = whole.replaceAll(/\{[^}]*\}/g, "x");
  if (whole !== "" && normalizePath(sample, "keep") !== sample)
    findings.push(
      makeFinding("UnsupportedValue", at, `${text} is not in normal form, so no request has such a path`),
    );
  if (new Set(names).size < names.length)
    findings.push(makeFinding("UnsupportedValue", at, `${text} has a name twice; give each segment its own`));
  return {
    segments: segments.map((one) => (one.startsWith("{") ? { name: one.slice(1, -1) } : { text: one })),
    isOpen,
  };
}

/** The names of a pointer; the kind's schema knows that it is one. */
const placeOf = (pointer: string): JsonPlace =>
  pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
