import type {
  DirectiveNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
  ValueNode,
} from "graphql/language";
import type { GraphqlConfig } from "./config.ts";

/** What an operation asks for, with its fragments in place. */
export interface Measure {
  readonly depth: number;
  readonly cost: number;
  readonly aliases: number;
  readonly directives: number;
  readonly introspects: boolean;
}

/** A document that is none to execute. */
export class BadDocument extends Error {}

/** Enough to be beyond every bound, and to be added and multiplied. */
const HUGE = 1e15;

type Variables = Readonly<Record<string, unknown>>;

/**
 * The largest measure of the operations of a document, which of them is asked for aside. Each fragment is measured once,
 * however often it is spread, so it takes time in proportion to the document, and not to what it stands for.
 */
export function measureDocument(
  document: DocumentNode,
  variables: Variables,
  config: GraphqlConfig,
): Measure {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === "OperationDefinition") operations.push(definition);
    else if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, definition);
    else throw new BadDocument("the document has definitions of types");
  }
  if (operations.length === 0) throw new BadDocument("the document has no operation");
  return operations
    .map((operation) =>
      new Measuring(fragments, withDefaults(operation, variables), config).operation(operation),
    )
    .reduce(larger);
}

const larger = (a: Measure, b: Measure): Measure => ({
  depth: Math.max(a.depth, b.depth),
  cost: Math.max(a.cost, b.cost),
  aliases: Math.max(a.aliases, b.aliases),
  directives: Math.max(a.directives, b.directives),
  introspects: a.introspects || b.introspects,
});

/** The request's variables, and for those that it leaves out what the operation says. */
function withDefaults({ variableDefinitions = [] }: OperationDefinitionNode, variables: Variables) {
  const all = new Map<string, unknown>(Object.entries(variables));
  for (const { variable, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    if (!all.has(name) && defaultValue?.kind === "IntValue") all.set(name, Number(defaultValue.value));
  }
  return all;
}

class Measuring {
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  private readonly variables: ReadonlyMap<string, unknown>;
  private readonly multipliers: ReadonlySet<string>;
  private readonly costs: ReadonlyMap<string, number>;
  /** Null while it is being measured. */
  private readonly known = new Map<string, Measure | null>();

  constructor(
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    variables: ReadonlyMap<string, unknown>,
    { multipliers, fieldCosts }: GraphqlConfig,
  ) {
    this.fragments = fragments;
    this.variables = variables;
    this.multipliers = new Set(multipliers);
    this.costs = new Map(fieldCosts.map(({ field, cost }) => [field, cost]));
  }

  operation({ selectionSet, directives }: OperationDefinitionNode): Measure {
    return withDirectives(this.set(selectionSet), directives);
  }

  private set({ selections }: SelectionSetNode): Measure {
    let all = NOTHING;
    for (const selection of selections) {
      const one = withDirectives(this.selection(selection), selection.directives);
      all = {
        depth: Math.max(all.depth, one.depth),
        cost: Math.min(HUGE, all.cost + one.cost),
        aliases: Math.min(HUGE, all.aliases + one.aliases),
        directives: Math.min(HUGE, all.directives + one.directives),
        introspects: all.introspects || one.introspects,
      };
    }
    return all;
  }

  private selection(selection: SelectionNode): Measure {
    if (selection.kind === "Field") return this.field(selection);
    if (selection.kind === "InlineFragment") return this.set(selection.selectionSet);
    return this.fragment(selection.name.value);
  }

  private fragment(name: string): Measure {
    const known = this.known.get(name);
    if (known === null) throw new BadDocument("a fragment holds itself");
    if (known !== undefined) return known;
    const fragment = this.fragments.get(name);
    if (fragment === undefined) throw new BadDocument("a fragment is not defined");
    this.known.set(name, null);
    const measure = withDirectives(this.set(fragment.selectionSet), fragment.directives);
    this.known.set(name, measure);
    return measure;
  }

  private field(field: FieldNode): Measure {
    const name = field.name.value;
    const below = field.selectionSet === undefined ? NOTHING : this.set(field.selectionSet);
    return {
      depth: below.depth + 1,
      cost: Math.min(HUGE, (this.costs.get(name) ?? 1) + this.multiplierOf(field) * below.cost),
      aliases: below.aliases + (field.alias === undefined ? 0 : 1),
      directives: below.directives,
      introspects: below.introspects || name === "__schema" || name === "__type",
    };
  }

  /** The product of what its arguments say, each at least 1. */
  private multiplierOf({ arguments: given = [] }: FieldNode): number {
    let product = 1;
    for (const { name, value } of given) {
      if (this.multipliers.has(name.value)) product = Math.min(HUGE, product * this.numberOf(value));
    }
    return product;
  }

  private numberOf(value: ValueNode): number {
    let found: unknown;
    if (value.kind === "IntValue") found = Number(value.value);
    else if (value.kind === "Variable") found = this.variables.get(value.name.value);
    return typeof found === "number" && found > 1 ? found : 1;
  }
}

const NOTHING: Measure = { depth: 0, cost: 0, aliases: 0, directives: 0, introspects: false };

function withDirectives(measure: Measure, directives: readonly DirectiveNode[] | undefined): Measure {
  if (directives === undefined || directives.length === 0) return measure;
  return { ...measure, directives: Math.min(HUGE, measure.directives + directives.length) };
}
