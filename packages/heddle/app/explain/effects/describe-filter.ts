import type { FilterContext } from "@heddle/engine/filter";
import { Exchange, type RequestHead } from "@heddle/engine/message";
import { GRPC_CODES } from "@heddle/engine/observe";
import type { FilterSpec } from "@heddle/engine/model";
import { builtinFilters } from "@heddle/filters";
import type {
  AuthenticationConfig,
  CorsConfig,
  FaultsConfig,
  GatewayFilterSpec,
  HeaderModifierConfig,
  JwtConfig,
  MirrorConfig,
  OwnFilterConfig,
  StaticResponseConfig,
} from "../../../compile/index.ts";
import { staticResponseEffect } from "./answers.ts";
import { contentEffect } from "./content.ts";
import { credentialEffect } from "./credentials.ts";
import { authorizationEffect } from "./authorization-rules.ts";
import { externalAuthorizationEffect } from "./external-authorization.ts";
import { introspectionEffect, oidcEffect } from "./login.ts";
import { originText } from "./origin-text.ts";
import { rateLimitEffect } from "./rate-limit.ts";

export interface ExplainedFilter {
  readonly name: string;
  /** What it does to this request, in words. */
  readonly effect: string;
  /** It answers by itself, so nothing goes to a backend. */
  readonly isAnswer: boolean;
  readonly config: unknown;
}

/** A request on its way through a list of filters, as far as they change where it goes. */
export class FilterWalk {
  private readonly exchange: Exchange;

  constructor(head: RequestHead, localPort: number, matchedPath: string) {
    const peer = { address: "127.0.0.1", port: 0, localAddress: "", localPort, tls: null };
    const match = { listener: "", listenerIndex: 0, route: "", rule: "", routeIndex: -1 };
    this.exchange = new Exchange(head.clone(), peer, match, 0);
    this.exchange.matchedPath = matchedPath;
  }

  /** Describes the filters in order, each on what those before it left. */
  describe(filters: readonly FilterSpec[]): ExplainedFilter[] {
    return filters.map((spec) => ({ ...spec, ...this.effectOf(spec as GatewayFilterSpec) }));
  }

  private effectOf(spec: GatewayFilterSpec): { effect: string; isAnswer: boolean } {
    switch (spec.name) {
      case "header-modifier":
        return { effect: headerEffect(spec.config), isAnswer: false };
      case "mirror":
        return { effect: mirrorEffect(spec.config), isAnswer: false };
      case "cors":
        return { effect: corsEffect(spec.config), isAnswer: false };
      case "faults":
        return { effect: faultsEffect(spec.config), isAnswer: false };
      case "jwt":
        return { effect: jwtEffect(spec.config), isAnswer: false };
      case "authorization":
        return { effect: authorizationEffect(spec.config), isAnswer: false };
      case "introspection":
        return { effect: introspectionEffect(spec.config), isAnswer: false };
      case "oidc":
        return { effect: oidcEffect(spec.config), isAnswer: false };
      case "authentication":
        return { effect: authenticationEffect(spec.config), isAnswer: false };
      case "cache":
      case "compression":
      case "decompression":
      case "response-decompression":
      case "json-limits":
      case "graphql":
      case "openapi":
      case "error-pages":
      case "transform":
      case "recorder":
        return { effect: contentEffect(spec), isAnswer: false };
      case "static-response":
        return this.staticEffect(spec.config);
      case "denial":
        return { effect: `answers 500: ${spec.config.reason}`, isAnswer: true };
      case "external-authorization":
        return { effect: externalAuthorizationEffect(spec.config), isAnswer: false };
      case "rate-limit":
        return { effect: rateLimitEffect(spec.config), isAnswer: false };
      case "redirect":
        return { effect: this.redirectEffect(spec), isAnswer: true };
      case "rewrite":
        return { effect: this.rewriteEffect(spec), isAnswer: false };
      case "own":
        return { effect: ownEffect(spec.config), isAnswer: false };
      default:
        return { effect: credentialEffect(spec), isAnswer: false };
    }
  }

  /** Its texts may be in data, which is not at hand here: whether it answers does not depend on them. */
  private staticEffect(config: StaticResponseConfig): { effect: string; isAnswer: boolean } {
    const answers = config.answers.map((answer) => ({ ...answer, body: { text: "" } }));
    const reply = this.run({ name: "static-response", config: { answers } });
    return typeof reply === "object" && "status" in reply
      ? { effect: `answers ${reply.status}`, isAnswer: true }
      : { effect: `${staticResponseEffect(config)}; not this request`, isAnswer: false };
  }

  private redirectEffect(spec: GatewayFilterSpec): string {
    const reply = this.run(spec);
    if (typeof reply !== "object" || !("status" in reply)) return "";
    return `answers ${reply.status} with location ${new Map(reply.headers).get("location") ?? ""}`;
  }

  private rewriteEffect(spec: GatewayFilterSpec): string {
    const { request } = this.exchange;
    const before = { host: request.authority, path: request.path };
    this.run(spec);
    const changes = [
      ...(before.host === request.authority ? [] : [`host becomes ${request.authority}`]),
      ...(before.path === request.path ? [] : [`path becomes ${request.path}`]),
    ];
    return changes.length === 0 ? "changes nothing of this request" : changes.join(", ");
  }

  /** The filter itself, so that what is explained is what happens. Only those that look at nothing outside. */
  private run(spec: GatewayFilterSpec) {
    const filter = builtinFilters.get(spec.name)!.create(spec.config, noContext);
    return filter.requestHead?.(this.exchange);
  }
}

const refuse = (): never => {
  throw new Error("a filter that is explained reaches for the outside");
};

const noContext: FilterContext = {
  clock: { now: () => 0, wallMs: () => 0, after: refuse },
  random: { next: refuse },
  get shared() {
    return refuse();
  },
  place: "",
  reserveSlot: () => 0,
  repeat: refuse,
  call: refuse,
  copy: refuse,
  data: () => ({ value: undefined, version: 0 }),
  notify: () => {},
  count: () => {},
};

function headerEffect({ direction, set, add, remove }: HeaderModifierConfig): string {
  const all = [
    ...set.map(({ name, value }) => `sets ${name}: ${value}`),
    ...add.map(({ name, value }) => `adds ${name}: ${value}`),
    ...remove.map((name) => `removes ${name}`),
  ];
  return `${direction} headers: ${all.join(", ")}`;
}

function mirrorEffect({ cluster, numerator, denominator }: MirrorConfig): string {
  return `copies ${numerator} of ${denominator} requests to ${cluster}`;
}

function corsEffect({ allowOrigins, allowCredentials }: CorsConfig): string {
  const names = allowOrigins.map(originText);
  return `allows origins ${names.join(", ") || "none"}${allowCredentials ? ", with credentials" : ""}`;
}

function faultsEffect({ delay, abort, headers }: FaultsConfig): string {
  const percent = (share: number) => `${share * 100} % of requests`;
  const status = ({ httpStatus, grpcStatus }: NonNullable<typeof abort>) =>
    [httpStatus || [], grpcStatus < 0 ? [] : `gRPC status ${GRPC_CODES[grpcStatus]}`].flat().join(" or ");
  const all = [
    ...(delay === null ? [] : [`delays ${percent(delay.share)} by ${delay.ms} ms`]),
    ...(abort === null ? [] : [`aborts ${percent(abort.share)} with ${status(abort)}`]),
  ];
  const match = headers.map(({ name, value }) => `${name}: ${value}`).join(", ");
  return `${all.join(", ")}${match === "" ? "" : `, where they have ${match}`}`;
}

function jwtEffect({ issuers }: JwtConfig): string {
  const all = issuers.map(({ issuer, audiences, from, claimHeaders, forwards }) => {
    const where = from.map(({ in: kind, name }) => `${kind} ${name}`).join(" or ");
    const who = audiences.length === 0 ? "anybody" : audiences.join(" or ");
    const headers = claimHeaders.map(({ header, claim }) => `${header} from ${claim.join(".")}`);
    return [
      `takes tokens of ${issuer} for ${who} from ${where}`,
      ...(headers.length === 0 ? [] : [`sets ${headers.join(", ")}`]),
      ...(forwards ? [] : ["removes them"]),
    ].join(", ");
  });
  return all.join("; ");
}

function ownEffect({ filter, name, code }: OwnFilterConfig): string {
  return `runs your filter ${name} of Filter ${filter}, version ${code.slice(0, 12)}`;
}

function authenticationEffect({ allowsAnonymous }: AuthenticationConfig): string {
  return allowsAnonymous
    ? "answers 401 to bad credentials; lets requests without any go on"
    : "answers 401 without a good credential";
}
