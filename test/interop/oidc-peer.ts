import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

export interface RunningProvider {
  readonly issuer: string;
  /** Lines that it printed. */
  readonly lines: string[];
  close(): Promise<void>;
}

export async function startProvider(port: number, origin: string): Promise<RunningProvider> {
  const script = path.join(import.meta.dirname, "oidc-provider-process.ts");
  const child = spawn(process.execPath, [script, String(port), origin], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk: Buffer) => {
    lines.push(...String(chunk).trimEnd().split("\n"));
    if (lines.includes("ready")) resolve();
  });
  child.on("exit", () => reject(new Error(errors)));
  await promise;
  return {
    issuer: `http://127.0.0.1:${port}`,
    lines,
    async close() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** What a browser does with cookies and redirects, as far as logins need it. */
export class Browser {
  /** By origin, name and value. */
  readonly cookies = new Map<string, Map<string, string>>();

  /** One request, whose redirect is not followed. */
  async fetch(target: string | URL, init: RequestInit = {}): Promise<Page> {
    const url = new URL(target);
    const own = this.jar(url);
    const headers = new Headers(init.headers);
    if (own.size > 0) headers.set("cookie", [...own].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) this.keep(own, line);
    return { url, status: response.status, headers: response.headers, body: await response.text() };
  }

  /** As a person who goes there: follows redirects, `stopAt` a URL that it begins with. */
  async visit(target: string | URL, stopAt: string = "\n"): Promise<Page> {
    let page = await this.fetch(target, { headers: { accept: "text/html", "sec-fetch-mode": "navigate" } });
    for (let hops = 0; hops < 12 && page.headers.has("location"); hops++) {
      const next = new URL(page.headers.get("location")!, page.url);
      if (next.href.startsWith(stopAt)) return page;
      page = await this.fetch(next, { headers: { accept: "text/html", "sec-fetch-mode": "navigate" } });
    }
    return page;
  }

  /** Fills the form of a page in. */
  async submit(page: Page, fields: Record<string, string>, stopAt: string = "\n"): Promise<Page> {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.body)?.[1] ?? page.url.href;
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const body = new URLSearchParams({
      ...Object.fromEntries(hidden.map(([, name, value]) => [name!, value!])),
      ...fields,
    });
    const answer = await this.fetch(new URL(action, page.url), { method: "POST", body });
    const location = answer.headers.get("location");
    if (location === null || new URL(location, answer.url).href.startsWith(stopAt)) return answer;
    return this.visit(new URL(location, answer.url), stopAt);
  }

  /** A port's cookies are its host's; here each origin is a host of its own. */
  jar({ origin }: URL): Map<string, string> {
    let own = this.cookies.get(origin);
    if (own === undefined) this.cookies.set(origin, (own = new Map()));
    return own;
  }

  private keep(own: Map<string, string>, line: string): void {
    const [pair = "", ...attributes] = line.split(";").map((one) => one.trim());
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (value === "" || attributes.includes("Max-Age=0")) own.delete(name);
    else own.set(name, value);
  }
}
