import type { TransformConfig } from "../../../compile/index.ts";

type Rule = TransformConfig["rules"][number];
type Named = NonNullable<Rule["request"]>["headers"];
type Json = NonNullable<NonNullable<Rule["request"]>["json"]>;

/** What transformations change, in words; values are not told. */
export function transformEffect({ rules }: TransformConfig): string {
  return rules.map((rule) => `${whereOf(rule)}: ${changesOf(rule).join(", ") || "nothing"}`).join("; ");
}

function whereOf({ methods, pattern }: Rule): string {
  const path =
    pattern === null
      ? []
      : [
          `${pattern.segments.map((one) => ("text" in one ? `/${one.text}` : `/{${one.name}}`)).join("")}${pattern.isOpen ? "/**" : ""}`,
        ];
  return [...methods, ...path].join(" ") || "everything";
}

function changesOf({ request, response }: Rule): string[] {
  return [
    ...(request === null
      ? []
      : [
          ...namedChanges("request header", request.headers),
          ...namedChanges("parameter", request.query),
          ...(request.path === null ? [] : ["changes the path"]),
          ...(request.method === "" ? [] : [`method becomes ${request.method}`]),
          ...jsonChanges("request", request.json),
        ]),
    ...(response === null
      ? []
      : [
          ...(response.status === 0 ? [] : [`status becomes ${response.status}`]),
          ...namedChanges("response header", response.headers),
          ...jsonChanges("response", response.json),
        ]),
  ];
}

const namedChanges = (what: string, { rename, set, add, remove }: Named): string[] => [
  ...rename.map(({ from, to }) => `renames ${what} ${from} to ${to}`),
  ...set.map(({ name }) => `sets ${what} ${name}`),
  ...add.map(({ name }) => `adds ${what} ${name}`),
  ...remove.map((name) => `removes ${what} ${name}`),
];

function jsonChanges(side: string, json: Json | null): string[] {
  if (json === null) return [];
  const text = (at: readonly string[]) => `${pointerOf(at) || "the whole"} of the ${side}'s JSON`;
  return [
    ...json.rename.map(({ at, to }) => `renames ${text(at)} to ${to}`),
    ...json.set.map(({ at }) => `sets ${text(at)}`),
    ...json.remove.map((at) => `removes ${text(at)}`),
  ];
}

/** RFC 6901 */
const pointerOf = (names: readonly string[]): string =>
  names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
