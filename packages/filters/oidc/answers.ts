import type { Reply } from "@heddle/engine/filter";

type Headers = readonly (readonly [string, string])[];

/** Nothing of a login is for caches, or for the next page's referrer. */
const always: Headers = [
  ["cache-control", "no-store"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];

const cookieFields = (cookies: readonly string[]): Headers =>
  cookies.map((cookie) => ["set-cookie", cookie] as const);

/** Sends the browser on. GET, whatever it was. */
export function redirectTo(location: string, cookies: readonly string[] = []): Reply {
  return { status: 303, headers: [["location", location], ...always, ...cookieFields(cookies)], body: "" };
}

/** A page for a person; `text` is ours, never the request's. */
export function textPage(status: number, text: string, cookies: readonly string[] = []): Reply {
  const headers: Headers = [
    ["content-type", "text/plain; charset=utf-8"],
    ...always,
    ...cookieFields(cookies),
  ];
  return { status, headers, body: `${text}\n` };
}

/** Links to the logins of several providers. */
export function choicePage(links: readonly (readonly [string, string])[]): Reply {
  const items = links.map(
    ([name, target]) => `<li><a href="${escapeHtml(target)}">${escapeHtml(name)}</a></li>`,
  );
  return {
    status: 200,
    headers: [
      ["content-type", "text/html; charset=utf-8"],
      ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
      ...always,
    ],
    body: `<!doctype html><meta charset="utf-8"><title>Log in</title><h1>Log in</h1><ul>${items.join("")}</ul>`,
  };
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (one) => entities[one]!);
