import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSharedTableMemory, SharedTable } from "@heddle/engine/shared";
import { FakeClock } from "@heddle/testkit";
import { makeExchange } from "../filter-run.suite.ts";
import { NonceBook } from "./nonce-book.ts";

class Workers {
  readonly clock = new FakeClock();
  private readonly memory;

  constructor(entries: number) {
    this.memory = makeSharedTableMemory(entries, 2, [1, 2]);
  }

  book(slot: number, name = "test", lifeMs = 10_000): NonceBook {
    return new NonceBook(new SharedTable(this.memory, slot, this.clock, 0), name, lifeMs);
  }
}

const use = (book: NonceBook, owner: string, nonce: string) => book.use(makeExchange(), owner, nonce);

test("one is used once by its owner, in all workers and in all books of a name, until its time is over", () => {
  const workers = new Workers(1024);
  const [one, other, third] = [workers.book(0), workers.book(1), workers.book(1, "another")];
  assert.equal(use(one, "a", "n"), true);
  assert.equal(use(one, "a", "n"), false);
  assert.equal(use(other, "a", "n"), false);
  assert.equal(use(workers.book(0), "a", "n"), false);
  assert.equal(use(other, "a", "m"), true);
  assert.equal(use(other, "b", "n"), true);
  assert.equal(use(third, "a", "n"), true);
  workers.clock.advance(9_999);
  assert.equal(use(other, "a", "n"), false);
  workers.clock.advance(30_000);
  assert.equal(use(other, "a", "n"), true);
});

test("one exchange may be asked for it by several policies", () => {
  const workers = new Workers(1024);
  const [gateway, service] = [workers.book(0), workers.book(0)];
  const exchange = makeExchange();
  assert.equal(gateway.use(exchange, "a", "n"), true);
  assert.equal(service.use(exchange, "a", "n"), true);
  assert.equal(service.use(exchange, "a", "m"), true);
  assert.equal(gateway.use(exchange, "a", "m"), true);
  assert.equal(use(service, "a", "n"), false);
});

test("without room all are refused, and none that was used is taken again", () => {
  const workers = new Workers(64);
  const book = workers.book(0);
  const names = Array.from({ length: 200 }, (_, i) => `n${i}`);
  const taken = names.filter((name) => use(book, "a", name));
  assert.ok(taken.length > 30 && taken.length <= 64, String(taken.length));
  for (const name of names) assert.equal(use(book, "a", name), false, name);
});

test("an owner takes no more than its part of the table", () => {
  const workers = new Workers(65_536);
  const book = workers.book(0);
  let taken = 0;
  for (let i = 0; i < 17_000; i++) if (use(book, "a", String(i))) taken++;
  assert.equal(taken, 16_384);
  assert.equal(use(book, "b", "n"), true);
  workers.clock.advance(10_000);
  assert.equal(use(book, "a", "later"), true);
});
