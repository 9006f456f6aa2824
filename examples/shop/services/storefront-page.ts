import { seedProducts } from "./seed.ts";

const kinds = [...new Set(seedProducts.map((product) => product.kind))];

/** The shop's page: a shell that is whole without data; the script fills it through the gateway. */
export function renderShopPage(): string {
  return renderDocument(
    "Warp & Weft",
    `<main>
  <section class="shelf" aria-labelledby="shelf-title">
    <div class="bar">
      <h2 id="shelf-title">The shelf</h2>
      <input id="search" type="search" placeholder="Search yarn, tools, cloth" aria-label="Search the catalog" />
      <div class="kinds" role="group" aria-label="Kind">
        <button type="button" data-kind="" aria-pressed="true">all</button>
        ${kinds.map((kind) => `<button type="button" data-kind="${kind}" aria-pressed="false">${kind}</button>`).join("\n        ")}
      </div>
      <label class="canary"><input id="canary" type="checkbox" /> canary</label>
      <output id="version" title="The catalog version that answered">…</output>
    </div>
    <ul id="products" class="products" aria-live="polite"></ul>
  </section>
  <aside>
    <section class="card" aria-labelledby="cart-title">
      <h2 id="cart-title">Cart</h2>
      <ul id="cart" class="lines"></ul>
      <p class="total"><span>Total</span> <strong id="total">0.00</strong></p>
      <button id="order" type="button" class="primary" disabled>Pay and order</button>
      <p id="message" class="message" role="status"></p>
    </section>
    <section class="card" aria-labelledby="feed-title">
      <h2 id="feed-title">Live orders <span id="feed-state" class="dot" title="not connected"></span></h2>
      <ol id="feed" class="lines"></ol>
    </section>
  </aside>
</main>
<script src="/app.js" defer></script>`,
    `<p id="ticker" class="ticker" aria-label="Spot prices">waiting for prices …</p>`,
  );
}

/** The account page; it tells which protocol the visitor used, as the gateway forwarded it. */
export function renderAccountPage(protocol: string): string {
  return renderDocument(
    "Your account",
    `<main class="narrow"><section class="card">
  <h2>Your account</h2>
  <p>You are here over <strong>${protocol}</strong>. Plain http is redirected to https for this page.</p>
  <p><a href="/">Back to the shelf</a></p>
</section></main>`,
    "",
  );
}

function renderDocument(title: string, body: string, banner: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${title.replaceAll("&", "&amp;")}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml" />
<link rel="stylesheet" href="/app.css" />
</head>
<body>
<header>
  <a class="brand" href="/"><img src="/favicon.svg" alt="" width="36" height="36" /> Warp &amp; Weft</a>
  ${banner}
  <a href="/account">Account</a>
</header>
${body}
<footer>Every call of this page goes through Heddle: routes, canary, retries and streams alike.</footer>
</body>
</html>
`;
}
