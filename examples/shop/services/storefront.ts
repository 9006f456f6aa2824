import { readFileSync } from "node:fs";
import { runService } from "./main.ts";
import type { Call, Reply, ServiceParts } from "./service.ts";
import { renderAccountPage, renderShopPage } from "./storefront-page.ts";

// The page talks to the gateway it came from and to the api host beside it, to nothing else.
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self' ws: wss: http://api.shop.localhost:* https://api.shop.localhost:*",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The web page: `/` the shop, `/account` a page meant for https, and their script, style and icon. */
export function openStorefront(): ServiceParts {
  return {
    name: "storefront",
    headers: { "content-security-policy": contentSecurityPolicy },
    routes: [
      ["GET", "/", () => page(renderShopPage())],
      ["GET", "/account", (call) => page(renderAccountPage(readProtocol(call)))],
      ["GET", "/app.js", () => file("app.js", "text/javascript")],
      ["GET", "/app.css", () => file("app.css", "text/css")],
      ["GET", "/favicon.svg", () => file("favicon.svg", "image/svg+xml")],
    ],
    close: () => {},
  };
}

function page(html: string): Reply {
  return { headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" }, body: html };
}

function file(name: string, type: string): Reply {
  const text = readFileSync(new URL(`../storefront/${name}`, import.meta.url), "utf8");
  return { headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "no-cache" }, body: text };
}

function readProtocol({ request }: Call): string {
  return request.headers["x-forwarded-proto"] === "https" ? "https" : "http";
}

if (import.meta.main) await runService(openStorefront);
