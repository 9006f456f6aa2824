import type { ErrorPagesConfig, OpenApiConfig, StaticResponseConfig } from "../../../compile/index.ts";

/** Effects of what answers in place of a backend, or looks at what it answers, in words. */
export function openApiEffect(config: OpenApiConfig): string {
  const { document, requests, responses, basePath } = config;
  const does = (mode: "Enforce" | "DryRun") => (mode === "Enforce" ? "refuses" : "counts");
  return [
    `${does(requests)} requests that are not as ${"data" in document ? document.data : "its document"} describes`,
    ...(responses === "Off" ? [] : [`${does(responses)} such responses`]),
    ...(basePath === null ? [] : [`below ${basePath === "" ? "/" : basePath}`]),
    ...(config.allowsUnknownPaths ? ["lets paths pass that it does not have"] : []),
  ].join(", ");
}

export function errorPagesEffect({ of, pages }: ErrorPagesConfig): string {
  const whose = { Heddle: "errors of Heddle's own", Backends: "errors of backends", All: "all errors" }[of];
  const all = pages.map(({ statuses, format }) => {
    const ranges = statuses.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
    return `${ranges.join(" and ")} in ${format}`;
  });
  return `answers ${whose} with pages: ${all.join(", ")}`;
}

export function staticResponseEffect({ answers }: StaticResponseConfig): string {
  const all = answers.map(({ methods, paths, headers, status }) => {
    const what = [
      ...methods,
      ...paths.map(({ type, value }) => (type === "exact" ? value : `${value}/…`)),
      ...headers.map(({ name, value }) => `${name}: ${value}`),
    ];
    return `${what.length === 0 ? "everything" : what.join(" ")} with ${status}`;
  });
  return `answers ${all.join(", ")}`;
}
