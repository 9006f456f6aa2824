import assert from "node:assert";
import { it } from "node:test";
import { Candidate } from "./candidate.ts";
import { insertPrefix, PrefixNode, removePrefix } from "./prefix-trie.ts";
import { prefix, routeUnit } from "./testing/units.ts";

it("nothing is left of what was taken out, below a narrow node and below a wide one", () => {
  for (const count of [3, 2_000]) {
    const root = new PrefixNode<null>({ isDerived: false }, []);
    const candidates = Array.from({ length: count }, (_, at) => {
      const route = routeUnit(`r/${at}`, {}, [prefix(`/a/${at}/b`)]);
      return new Candidate(null, route, 0, 0, () => ({ regex: null, problem: "", position: 0 }));
    });
    for (const one of candidates) insertPrefix(root, one);
    const wide = root.childOf("a")!;
    assert.equal(wide.wide?.size ?? wide.children?.size, count);
    for (const one of candidates) removePrefix(root, one);
    assert.equal(root.isEmpty, true, `of ${count}`);
  }
});
