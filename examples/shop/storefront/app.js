// The catalog, orders and payments are called on the page's own host, where the gateway rewrites
// /api/<service>; the ticker comes from the api host, so that its CORS route is in use.
const apiOrigin = `${location.protocol}//api.${location.host}`;
const cart = new Map();
const products = new Map();
let kind = "";
let latestLoad = 0;

const at = (id) => document.getElementById(id);
const money = (cents) => (cents / 100).toLocaleString("en", { minimumFractionDigits: 2 });

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

async function loadProducts() {
  const load = ++latestLoad;
  const query = new URLSearchParams({ q: at("search").value, kind });
  const headers = at("canary").checked ? { "x-canary": "always" } : {};
  try {
    const response = await fetch(`/api/catalog/products?${query}`, { headers });
    if (!response.ok) throw new Error(`the catalog answered ${response.status}`);
    const list = await response.json();
    if (load !== latestLoad) return;
    at("version").textContent = `catalog ${response.headers.get("catalog-version") ?? list.version}`;
    for (const product of list.products) products.set(product.id, product);
    at("products").replaceChildren(...list.products.map(productCard));
  } catch (error) {
    at("products").replaceChildren(element("li", "message", String(error.message ?? error)));
  }
}

function productCard(product) {
  const text = element("div", "text", element("h3", "", product.name), element("p", "", product.description));
  if (product.reviewCount) {
    const full = Math.round(product.rating);
    text.append(
      element(
        "span",
        "stars",
        `${"★".repeat(full)}${"☆".repeat(5 - full)} ${product.rating} · ${product.reviewCount}`,
      ),
    );
  }
  const add = element("button", "", "Add");
  add.type = "button";
  add.setAttribute("aria-label", `Add ${product.name}`);
  add.addEventListener("click", () => changeCart(product.id, 1));
  text.append(element("div", "buy", element("strong", "", money(product.priceCents)), add));
  return element("li", "product", weave(product), text);
}

/** A swatch: a weave pattern in the product's colour, a different one for each product. */
function weave({ id, color }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 160 80");
  svg.setAttribute("preserveAspectRatio", "xMidYMid slice");
  svg.setAttribute("aria-hidden", "true");
  svg.append(rect(0, 0, 160, 80, color, 1));
  const step = 2 + (id % 4);
  for (let row = 0; row < 10; row++) {
    for (let column = 0; column < 20; column++) {
      const isOver = (column + row * (id % 3 === 0 ? -1 : 1) + 20) % step < step / 2;
      if (isOver) svg.append(rect(column * 8, row * 8 + 1, 7, 6, "#fff", 0.16 + 0.05 * ((row + id) % 3)));
    }
  }
  return svg;
}

function rect(x, y, width, height, fill, opacity) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, fill, opacity, rx: 1 })) {
    node.setAttribute(name, value);
  }
  return node;
}

function changeCart(id, by) {
  const quantity = Math.min(99, (cart.get(id) ?? 0) + by);
  if (quantity > 0) cart.set(id, quantity);
  else cart.delete(id);
  showCart();
}

const cartTotal = () =>
  [...cart].reduce((sum, [id, quantity]) => sum + products.get(id).priceCents * quantity, 0);

function showCart() {
  const lines = [...cart].map(([id, quantity]) => {
    const less = element("button", "", "−");
    less.type = "button";
    less.setAttribute("aria-label", `One less of ${products.get(id).name}`);
    less.addEventListener("click", () => changeCart(id, -1));
    return element("li", "", element("span", "", `${quantity} × ${products.get(id).name}`), less);
  });
  at("cart").replaceChildren(...(lines.length > 0 ? lines : [element("li", "empty", "nothing yet")]));
  at("total").textContent = money(cartTotal());
  at("order").disabled = cart.size === 0;
}

async function postJson(path, body, headers = {}) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `${path} answered ${response.status}`);
  return answer;
}

// One key per cart: a second click, or a retry on the way, charges once.
let chargeKey = newKey();

function newKey() {
  return `web-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
}

async function placeOrder() {
  at("order").disabled = true;
  at("message").textContent = "paying …";
  const items = [...cart].map(([productId, quantity]) => ({ productId, quantity }));
  try {
    const headers = { "idempotency-key": `${chargeKey}-${cartTotal()}` };
    const charge = await postJson("/api/payments/charge", { amountCents: cartTotal() }, headers);
    const order = await postJson("/api/orders", { items, note: `charge ${charge.id}` });
    at("message").textContent = `order ${order.id} placed, charge ${charge.id}`;
    cart.clear();
    chargeKey = newKey();
  } catch (error) {
    at("message").textContent = error.message;
  }
  showCart();
}

function showOrder(order, isNew) {
  const pieces = order.items.reduce((sum, item) => sum + item.quantity, 0);
  const line = element(
    "li",
    isNew ? "fresh" : "",
    element("span", "", `#${order.id} · ${order.channel} · ${pieces} pcs`),
    element("strong", "", money(order.totalCents)),
  );
  at("feed").prepend(line);
  while (at("feed").children.length > 8) at("feed").lastElementChild.remove();
}

async function followOrders(waitMs = 500) {
  const recent = await fetch("/api/orders?limit=8").then(
    (response) => (response.ok ? response.json() : { orders: [] }),
    () => ({ orders: [] }),
  );
  at("feed").replaceChildren();
  for (const order of recent.orders.toReversed()) showOrder(order, false);
  const socket = new WebSocket(
    `${location.protocol.replace("http", "ws")}//${location.host}/api/orders/live`,
  );
  let nextWaitMs = Math.min(waitMs * 2, 10_000);
  socket.addEventListener("open", () => {
    nextWaitMs = 500;
    showFeedState(true);
  });
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "order") showOrder(message.order, true);
  });
  socket.addEventListener("close", () => {
    showFeedState(false);
    setTimeout(() => followOrders(nextWaitMs), waitMs);
  });
}

function showFeedState(isOpen) {
  at("feed-state").classList.toggle("on", isOpen);
  at("feed-state").title = isOpen ? "connected" : "not connected";
}

function followPrices() {
  // EventSource reconnects by itself.
  const prices = new EventSource(`${apiOrigin}/prices`);
  prices.addEventListener("price", ({ data }) => {
    const { name, priceCents, changePercent } = JSON.parse(data);
    const direction = changePercent < 0 ? "down" : "up";
    const change = element(
      "span",
      direction,
      `${changePercent < 0 ? "▼" : "▲"} ${Math.abs(changePercent)} %`,
    );
    at("ticker").replaceChildren(`${name} `, element("b", "", money(priceCents)), " ", change);
  });
}

let searchTimer;
at("search").addEventListener("input", () => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(loadProducts, 150);
});
at("canary").addEventListener("change", loadProducts);
at("order").addEventListener("click", placeOrder);
for (const button of document.querySelectorAll("[data-kind]")) {
  button.addEventListener("click", () => {
    kind = button.dataset.kind;
    for (const other of document.querySelectorAll("[data-kind]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    loadProducts();
  });
}
showCart();
loadProducts();
followOrders();
followPrices();
