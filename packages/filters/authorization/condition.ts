import type { Clock } from "@heddle/engine/base";
import { compileTrustedHops, headerLines } from "@heddle/engine/message";
import type { Exchange, Principal } from "@heddle/engine/message";
import { hasUnreadScopes, scopesOf } from "../claim-path/index.ts";
import { MAYBE, NO, not, YES, type Answer } from "./answer.ts";
import { ClaimCondition } from "./claim-condition.ts";
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
      const claim = new ClaimCondition(config.claim, config.values);
      return ofPrincipal(isNot, ({ claims }) => claim.test(claims));
    }
    case "all-scopes": {
      const { values } = config;
      return ofPrincipal(isNot, ({ claims }) =>
        scopeAnswer(claims, (scopes) => values.every((value) => scopes.includes(value))),
      );
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
      return maybeNot(isNot, () => yesNo(time.isWithin(clock.wallMs())));
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
      return ofPrincipal(isNot, ({ subject }) => yesNo(subject !== "" && has(subject)));
    case "issuer":
      return ofPrincipal(isNot, ({ issuer }) => yesNo(has(issuer)));
    case "authenticated-by":
      return ofPrincipal(isNot, ({ method }) => yesNo(has(method)));
    case "scope":
      return ofPrincipal(isNot, ({ claims }) => scopeAnswer(claims, (scopes) => scopes.some(has)));
    case "identity":
      return (exchange) => identityAnswer(exchange, has, isNot);
    case "namespace":
      return (exchange) => namespaceAnswer(exchange, has, isNot);
    case "method":
      return maybeNot(isNot, ({ request }) => yesNo(values.includes(request.method)));
    default: {
      const isName = makeServerNames(values);
      return ({ peer }) => known(peer.tls?.serverName ?? "", isName, isNot);
    }
  }
}

const yesNo = (holds: boolean): Answer => (holds ? YES : NO);

function ofPrincipal(isNot: boolean, test: (principal: Principal) => Answer): Condition {
  return ({ principal }) => {
    if (principal === null) return isNot ? MAYBE : NO;
    const answer = test(principal);
    return isNot ? not(answer) : answer;
  };
}

/** Scopes in another form than those that `scopesOf` reads may be any. */
function scopeAnswer(claims: Principal["claims"], holds: (scopes: readonly string[]) => boolean): Answer {
  if (holds(scopesOf(claims))) return YES;
  return hasUnreadScopes(claims) ? MAYBE : NO;
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
