import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";
import { MAYBE, YES, type Answer } from "./answer.ts";
import { makeCondition, type Condition } from "./condition.ts";
import type { AuthorizationConfig, AuthorizationRule } from "./config.ts";

interface Rule {
  readonly name: string;
  readonly conditions: readonly Condition[];
}

/** Lines of a dry run are told this seldom: whoever sends requests does not fill a log by it. */
const LOG_MS = 1_000;

const forbidden: Reply = { status: 403, headers: [], body: "" };

/**
 * Rules that allow and rules that deny. One that denies goes first, and holds where it may hold; where there are any that
 * allow, one of them has to hold for certain. So what cannot be told is denied.
 */
class Authorization implements Filter {
  readonly name = "authorization";
  private readonly config: AuthorizationConfig;
  private readonly context: FilterContext;
  private readonly denying: readonly Rule[];
  private readonly allowing: readonly Rule[];
  private loggedMs = Number.NEGATIVE_INFINITY;
  private unlogged = 0;

  constructor(config: AuthorizationConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.denying = rulesOf(config.rules, "deny", context);
    this.allowing = rulesOf(config.rules, "allow", context);
  }

  requestHead(exchange: Exchange): Reply | undefined {
    const rule = this.denyingRule(exchange);
    if (rule === null) {
      this.context.count("allowed");
      return undefined;
    }
    if (this.config.isDryRun) {
      this.tell(exchange, rule);
      return undefined;
    }
    this.context.count("denied");
    return forbidden;
  }

  /** The name of the rule by which it is denied, "" where none allows it; null where it is not. */
  private denyingRule(exchange: Exchange): string | null {
    for (const { name, conditions } of this.denying) if (answerOf(conditions, exchange) >= MAYBE) return name;
    if (this.allowing.length === 0) return null;
    for (const { conditions } of this.allowing) if (answerOf(conditions, exchange) === YES) return null;
    return "";
  }

  /** The first of each second, with the number of those before that were not told. */
  private tell(exchange: Exchange, rule: string): void {
    const { clock } = this.context;
    this.context.count("would-deny");
    if (clock.now() - this.loggedMs < LOG_MS) {
      this.unlogged++;
      return;
    }
    const { request, clientAddress, principal, match } = exchange;
    const line = {
      policy: this.config.policy,
      rule,
      route: match.route,
      method: request.method,
      authority: request.authority,
      path: request.path,
      client: clientAddress,
      subject: principal?.subject ?? "",
      unlogged: this.unlogged,
    };
    this.loggedMs = clock.now();
    this.unlogged = 0;
    this.context.notify("authorization-dry-run", JSON.stringify(line));
  }
}

function answerOf(conditions: readonly Condition[], exchange: Exchange): Answer {
  let least: Answer = YES;
  for (const condition of conditions) {
    const answer = condition(exchange);
    if (answer < least) least = answer;
    if (least === 0) return least;
  }
  return least;
}

function rulesOf(
  rules: readonly AuthorizationRule[],
  action: AuthorizationRule["action"],
  context: FilterContext,
): readonly Rule[] {
  return rules
    .filter((rule) => rule.action === action)
    .map(({ name, conditions }) => ({
      name,
      conditions: conditions.map((one) => makeCondition(one, context.clock)),
    }));
}

export const authorization: FilterFactory<AuthorizationConfig> = {
  name: "authorization",
  create: (config, context) => new Authorization(config, context),
};
