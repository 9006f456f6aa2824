import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { makeCertificate } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import { Child } from "./children.ts";
import { shopOrigin, writeConfiguration } from "./configuration.ts";
import type { ShopPorts } from "./configuration.ts";
import type { DemoOptions } from "./options.ts";
import { choosePorts } from "./ports.ts";
import { sendRequest } from "./send.ts";
import type { Origins } from "./tries.ts";

export type ShopEvents = {
  /** A step of the start is done. */
  onProgress: (text: string) => void;
  /** A line that a service or Heddle printed. */
  onLine: (name: string, line: string) => void;
  /** A process ended by itself; the shop goes on without it. */
  onCrash: (name: string, how: string, lastLines: string[]) => void;
  /** A process did not end within its time after SIGTERM, and was killed. */
  onKilled: (name: string, afterMs: number) => void;
};

export type RunningShop = { origins: Origins; caFile: string; ca: string; configuration: string };

type ServiceName = Exclude<keyof ShopPorts, "http" | "https" | "tcp">;

const serviceFiles: Record<ServiceName, { file: string; env?: Record<string, string> }> = {
  storefront: { file: "storefront.ts" },
  "catalog-v1": { file: "catalog.ts", env: { VERSION: "v1" } },
  "catalog-v2": { file: "catalog.ts", env: { VERSION: "v2" } },
  orders: { file: "orders.ts" },
  payments: { file: "payments.ts" },
  audit: { file: "audit.ts" },
  stock: { file: "stock.ts" },
  prices: { file: "price-list.ts" },
};

const heddleBin = fileURLToPath(new URL("../../../packages/heddle/bin/heddle.js", import.meta.url));
const readyTimeoutMs = 30_000;
const pollEveryMs = 50;
const stopGraceMs = 8_000;

/**
 * The demo's processes and files. `start` may fail or be overtaken by `stop` at any point; `stop` ends
 * every process that was started, removes the folder, and may be called twice.
 */
export class Shop {
  readonly #options: DemoOptions;
  readonly #events: ShopEvents;
  readonly #heddleCommand: string[];
  readonly #services: Child[] = [];
  #heddle: Child | undefined;
  #folder: string | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: DemoOptions, events: ShopEvents, heddleCommand: string[] = [heddleBin]) {
    this.#options = options;
    this.#events = events;
    this.#heddleCommand = heddleCommand;
    process.once("exit", this.#dropAll);
  }

  async start(): Promise<RunningShop> {
    const { httpPort, httpsPort, tcpPort, api } = this.#options;
    const [http, https, tcp, apiPort] = (await choosePorts([
      { flag: "--port", port: httpPort },
      { flag: "--https-port", port: httpsPort },
      { flag: "--tcp-port", port: tcpPort },
      { flag: "--api", ...api },
    ])) as [number, number, number, number];
    this.#refuseWhenStopping();
    const folder = (this.#folder = mkdtempSync(path.join(tmpdir(), "heddle-shop-")));
    const certificate = makeCertificate(
      ["shop.localhost", "api.shop.localhost", "stock.shop.localhost"],
      Date.now(),
    );
    const caFile = path.join(folder, "shop.crt");
    writeFileSync(caFile, certificate.certificatePem);
    const servicePorts = await this.#startServices(folder);
    const configuration = this.#configure(folder, { http, https, tcp, ...servicePorts }, certificate);
    const address = `${api.host.includes(":") ? `[${api.host}]` : api.host}:${apiPort}`;
    await this.#startHeddle(folder, configuration, address);
    const origins = originsAt(http, https, tcp, address);
    return { origins, caFile, ca: certificate.certificatePem, configuration };
  }

  /** Ends all at once: the services end their streams, which Heddle would wait for while it drains. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopAll());
  }

  async #stopAll(): Promise<void> {
    await Promise.all(
      this.#children().map(async (child) => {
        const isKilled = await child.stop(stopGraceMs);
        if (isKilled) this.#events.onKilled(child.name, stopGraceMs);
      }),
    );
    this.#removeFolder();
    process.removeListener("exit", this.#dropAll);
  }

  // The last resort, when this process ends by an exception: children of other groups would outlive it.
  readonly #dropAll = (): void => {
    for (const child of this.#children()) child.killNow();
    this.#removeFolder();
  };

  #children(): Child[] {
    return this.#heddle ? [this.#heddle, ...this.#services] : this.#services;
  }

  #removeFolder(): void {
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startServices(folder: string): Promise<Record<ServiceName, number>> {
    mkdirSync(path.join(folder, "data"));
    const names = Object.keys(serviceFiles) as ServiceName[];
    const started = await Promise.all(
      names.map(async (name) => [name, await this.#startService(name, folder)] as const),
    );
    return Object.fromEntries(started) as Record<ServiceName, number>;
  }

  async #startService(name: ServiceName, folder: string): Promise<number> {
    const { file, env } = serviceFiles[name];
    const child = this.#spawn(name, [fileURLToPath(new URL(`../services/${file}`, import.meta.url))], {
      ...env,
      PORT: "0",
      DATA: path.join(folder, "data", `${name}.sqlite`),
    });
    this.#services.push(child);
    const port = await child.waitForLine(readPort);
    this.#events.onProgress(`${name} is ready at 127.0.0.1:${port}`);
    return port;
  }

  #configure(folder: string, ports: ShopPorts, certificate: Certificate): string {
    const target = path.join(folder, "heddle");
    writeConfiguration(fileURLToPath(new URL("../heddle", import.meta.url)), target, ports, certificate);
    return target;
  }

  async #startHeddle(folder: string, configuration: string, address: string): Promise<void> {
    const state = path.join(folder, "state");
    this.#heddle = this.#spawn("heddle", [
      ...this.#heddleCommand,
      "run",
      "-f",
      configuration,
      "--state",
      state,
      "--api",
      address,
      "--access-log",
      "-",
    ]);
    await waitUntilReady(`http://${address}/readyz`, this.#heddle);
    this.#events.onProgress(`heddle is ready, its API at http://${address}`);
  }

  #spawn(name: string, args: string[], env?: Record<string, string>): Child {
    this.#refuseWhenStopping();
    return new Child({
      name,
      args,
      env,
      onLine: (line) => this.#events.onLine(name, line),
      onCrash: (how, lastLines) => {
        if (!this.#stopping) this.#events.onCrash(name, how, lastLines);
      },
    });
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new Error("stopped while starting");
  }
}

function readPort(line: string): number | undefined {
  if (!line.startsWith('{"ready":true')) return undefined;
  return (JSON.parse(line) as { port: number }).port;
}

async function waitUntilReady(url: string, heddle: Child): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  let last = "";
  while (!heddle.hasEnded) {
    if (Date.now() > deadline)
      throw new Error(`heddle is not ready after ${readyTimeoutMs / 1000} s: ${last}`);
    try {
      const { status, body } = await sendRequest(url, { url }, "");
      if (status === 200) return;
      last = `${status} ${body.trim()}`;
    } catch (error) {
      last = (error as Error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
  }
  throw new Error("heddle ended before it was ready");
}

function originsAt(http: number, https: number, tcp: number, address: string): Origins {
  const [shop, shopTls] = [shopOrigin("http", http), shopOrigin("https", https)];
  const below = (name: string, origin: string): string => origin.replace("://", `://${name}.`);
  return {
    shop,
    shopTls,
    api: below("api", shop),
    apiTls: below("api", shopTls),
    stock: below("stock", shop),
    prices: `tcp://127.0.0.1:${tcp}`,
    admin: `http://${address}`,
  };
}
