import type { Clock } from "@heddle/engine/base";
import { compileTrustedHops, headerLines } from "@heddle/engine/message";
import type { Exchange, Principal } from "@heddle/engine/message";
import { claimAt, claimHasOneOf, scopesOf } from "../claim-path/index.ts";
import { MAYBE, NO, not, YES, type Answer } from "./answer.ts";
import type { ConditionConfig } from "./config.ts";
import { HeaderCondition } from "./header-condition.ts";
import { HostCondition } from "./host-condition.ts";
import { identityAnswer, namespaceAnswer } from "./identity.ts";
import { PathCondition } from "./path-condition.ts";
import { TextSet } from "./text-set.ts";
import { TimeCondition } from "./time-condition.ts";

/** Whether a condition holds for a request. */
export type Condition = (exchange: Exchange) => Answer;

/**
 * Of something that is known: "not" is the other way round. Of something that is not known, such as who an anonymous
 * caller is, nothing is one of some values, and it may be none of them.
 */
export function makeCondition(config: ConditionConfig, clock: Clock): Condition {
  const { isNot } = config;
  switch (config.on) {
    case "claim": {
      const { claim } = config;
      const values = new Set(config.values);
      return ofPrincipal(isNot, ({ claims }) => {
        const value = claimAt(claims, claim);
        return values.size === 0 ? value !== undefined && value !== null : claimHasOneOf(value, values);
      });
    }
    case "all-scopes": {
      const { values } = config;
      return ofPrincipal(isNot, ({ claims }) => {
        const scopes = scopesOf(claims);
        return values.every((value) => scopes.includes(value));
      });
    }
    case "client-address": {
      const isWithin = compileTrustedHops(config.ranges);
      return (exchange) => known(exchange.clientAddress, isWithin, isNot);
    }
    case "path": {
      const paths = new PathCondition(config.paths);
      return maybeNot(isNot, ({ request }) => paths.test(request.path));
    }
    case "header": {
      const { name, matches } = config;
      if (name === "host") {
        const host = new HostCondition(matches);
        return maybeNot(isNot, ({ request }) => host.test(request.authority));
      }
      const header = new HeaderCondition(matches);
      return maybeNot(isNot, ({ request }) => header.test(headerLines(request, name)));
    }
    case "time": {
      const time = new TimeCondition(config.windows);
      return maybeNot(isNot, () => (time.isWithin(clock.wallMs()) ? YES : NO));
    }
    default:
      return makeTextCondition(config.on, config.values, isNot);
  }
}

type TextOn = Extract<ConditionConfig, { readonly values: readonly string[] }>["on"];

function makeTextCondition(on: TextOn, values: readonly string[], isNot: boolean): Condition {
  const texts = new TextSet(values);
  const has = (text: string): boolean => texts.has(text);
  switch (on) {
    case "subject":
      return ofPrincipal(isNot, ({ subject }) => subject !== "" && has(subject));
    case "issuer":
      return ofPrincipal(isNot, ({ issuer }) => has(issuer));
    case "authenticated-by":
      return ofPrincipal(isNot, ({ method }) => has(method));
    case "scope":
      return ofPrincipal(isNot, ({ claims }) => scopesOf(claims).some(has));
    case "identity":
      return (exchange) => identityAnswer(exchange, has, isNot);
    case "namespace":
      return (exchange) => namespaceAnswer(exchange, has, isNot);
    case "method":
      return maybeNot(isNot, ({ request }) => (values.includes(request.method) ? YES : NO));
    default: {
      const isName = makeServerNames(values);
      return ({ peer }) => known(peer.tls?.serverName ?? "", isName, isNot);
    }
  }
}

function ofPrincipal(isNot: boolean, holds: (principal: Principal) => boolean): Condition {
  return ({ principal }) => {
    if (principal === null) return isNot ? MAYBE : NO;
    return holds(principal) !== isNot ? YES : NO;
  };
}

function maybeNot(isNot: boolean, test: Condition): Condition {
  return isNot ? (exchange) => not(test(exchange)) : test;
}

/** "" is not known. */
function known(text: string, holds: (text: string) => boolean, isNot: boolean): Answer {
  if (text === "") return isNot ? MAYBE : NO;
  return holds(text) !== isNot ? YES : NO;
}

/** "*.example.com" is any depth below, not example.com itself. */
function makeServerNames(values: readonly string[]): (name: string) => boolean {
  const exact = new Set(values);
  const endings = values.filter((value) => value.startsWith("*.")).map((value) => value.slice(1));
  return (name) => exact.has(name) || endings.some((ending) => name.endsWith(ending) && name !== ending);
}
