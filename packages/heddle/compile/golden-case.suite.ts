import { readFileSync } from "node:fs";
import { makeCertificateAuthority, type IssuedCertificate } from "@heddle/testkit";
import type { FilterCode } from "@heddle/filters";
import {
  heddleGroup,
  keyOf,
  makeKey,
  parseDocuments,
  validateResource,
  type Resource,
  type ResourceKey,
} from "../resources/index.ts";
import {
  parseAddressPool,
  type AcmeCertificateState,
  type AcmeIssuerState,
  type AcmeStates,
  type CompileInput,
  type CompileOptions,
  type OwnFilterState,
  type OwnFilterStates,
  type RejectedResource,
} from "./index.ts";

export interface GoldenCase {
  readonly input: CompileInput;
  /** Puts the placeholder back where a certificate or a key of this run stands, and hides times. */
  readonly hidePem: (text: string) => string;
  /** Whether the output has what is generated for Gateways. */
  readonly showsGenerated: boolean;
}

/** The document of kind Case that may begin an input: options of the compile, and certificates to make. */
interface CaseDocument {
  kind: "Case";
  addressPool?: string;
  controlAddresses?: { address: string; port: number }[];
  /** Address to the reason why it cannot be bound. */
  unusableAddresses?: Record<string, string>;
  /** Where the data plane is. */
  zone?: string;
  node?: string;
  /** Where caches keep what they have on disk. */
  cacheFolder?: string;
  /** Pattern to what is wrong with it. */
  badPatterns?: Record<string, string>;
  /** Days from now, for the validity of certificates. */
  daysAhead?: number;
  /** Name to its DNS names; `@cert NAME`, `@key NAME` and `@ca` stand for their PEM in the resources. */
  certificates?: Record<string, string[]>;
  /** Where certificates of ACME servers stand. */
  acme?: CaseOrder[];
  /** Issuer (namespace/name) to its state. */
  issuers?: Record<string, AcmeIssuerState>;
  showsGenerated?: boolean;
  /** Present weights of canaries, by rule. */
  canaryWeights?: Record<string, number>;
  /** Filter (namespace/name) to what became of its module. */
  ownFilters?: Record<string, OwnFilterState>;
}

interface CaseOrder {
  /** The names asked for, sorted; with the issuer and its directory they make the id. */
  names: string[];
  issuer: string;
  directory: string;
  /** The name of one of `certificates`. */
  issued?: string;
  problem?: string;
  isOrdering?: boolean;
}

type Loose = Record<string, unknown>;

export async function readCase(file: string): Promise<GoldenCase> {
  const { documents, problems } = parseDocuments(readFileSync(file, "utf8"), file);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const values = documents.map(({ value }) => value as Loose);
  const isCase = (value: Loose) => value["kind"] === "Case";
  const settings = (values.find(isCase) ?? { kind: "Case" }) as unknown as CaseDocument;
  const pem = await makePem(settings.certificates ?? {});
  const resources: Resource[] = [];
  const rejected: RejectedResource[] = [];
  for (const value of values.filter((one) => !isCase(one))) {
    const document = replaceStrings(value, (text) => pem.get(text) ?? text) as Loose;
    const { resource, problems: found } = validateResource(document);
    if (resource !== undefined) resources.push(resource);
    else
      rejected.push({
        key: rejectedKey(document),
        kind: document["kind"] as string,
        problems: found,
        document,
      });
  }
  return {
    input: {
      resources,
      rejected,
      options: optionsOf(settings),
      acme: statesOf(settings, pem),
      canaryWeights: new Map(Object.entries(settings.canaryWeights ?? {})),
      ownFilters: ownFiltersOf(settings),
    },
    hidePem: (text) => hide(text, pem),
    showsGenerated: settings.showsGenerated === true,
  };
}

function rejectedKey(document: Loose) {
  const metadata = { namespace: "default", ...(document["metadata"] as { name: string }) };
  return keyOf({ apiVersion: document["apiVersion"] as string, kind: document["kind"] as string, metadata });
}

function optionsOf(settings: CaseDocument): CompileOptions {
  const { addressPool, controlAddresses = [], unusableAddresses = {}, badPatterns = {} } = settings;
  const { zone = "", node = "", cacheFolder } = settings;
  return {
    addressPool: addressPool === undefined ? null : parseAddressPool(addressPool),
    controlAddresses,
    ...(cacheFolder !== undefined && { cacheFolder }),
    zone,
    node,
    nowMs: Date.now() + (settings.daysAhead ?? 0) * 24 * 3600 * 1000,
    checkRegex: (pattern) => badPatterns[pattern] ?? null,
    checkAddress: (address) => unusableAddresses[address] ?? null,
  };
}

function statesOf({ acme = [], issuers = {} }: CaseDocument, pem: ReadonlyMap<string, string>): AcmeStates {
  const certificates = new Map<string, AcmeCertificateState>();
  for (const { issuer, directory, names, issued, problem = null, isOrdering = false } of acme) {
    const state = {
      issued:
        issued === undefined
          ? null
          : {
              certificatePem: pem.get(`@cert ${issued}`)!,
              privateKeyPem: pem.get(`@key ${issued}`)!,
              notAfterMs: Date.UTC(2026, 5, 1),
              renewAtMs: Date.UTC(2026, 4, 1),
            },
      isOrdering,
      problem,
      nextTryMs: problem === null ? null : Date.UTC(2026, 2, 1),
    };
    certificates.set(JSON.stringify([issuer, directory, "ecdsa-p256", names]), state);
  }
  return { certificates, issuers: new Map(Object.entries(issuers)) };
}

/** Code is made up for each hash. */
function ownFiltersOf({ ownFilters = {} }: CaseDocument): OwnFilterStates {
  const code = new Map<string, FilterCode>();
  const filters = new Map<ResourceKey, OwnFilterState>();
  for (const [id, state] of Object.entries(ownFilters)) {
    const [namespace = "", name = ""] = id.split("/");
    filters.set(makeKey(heddleGroup, "Filter", namespace, name), state);
    const url = `file:///filters/${name}.ts`;
    if (state.code !== null)
      code.set(state.code.hash, { entry: url, modules: [{ url, format: "module-typescript", source: "…" }] });
  }
  return { filters, code };
}

async function makePem(names: Record<string, string[]>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (Object.keys(names).length === 0) return found;
  const authority = await makeCertificateAuthority();
  found.set("@ca", authority.cert);
  for (const [name, dnsNames] of Object.entries(names)) {
    const issued: IssuedCertificate = await authority.issue({ names: dnsNames });
    found.set(`@cert ${name}`, issued.cert);
    found.set(`@key ${name}`, issued.key);
  }
  return found;
}

function replaceStrings(value: unknown, replace: (text: string) => string): unknown {
  return JSON.parse(JSON.stringify(value), (_, one: unknown) =>
    typeof one === "string" ? replace(one) : one,
  );
}

function hide(text: string, pem: ReadonlyMap<string, string>): string {
  for (const [placeholder, one] of pem) if (bare(one) === bare(text)) return placeholder;
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>");
}

/** Line ends differ between writers of PEM. */
const bare = (text: string) => text.replaceAll(/\s/g, "");
