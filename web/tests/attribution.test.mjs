/** Leave-one-out attribution ranks words where every probability rounds to 0 or 1, too. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { effectOf } from "../src/engine/attribution.js";

/** @param {number} second @param {number} third */
const saturated = (second, third) => [third, 1, second, ...new Array(74).fill(1e-12)];

test("of two words that leave the label at >99% the one that its log-odds hang on comes first", () => {
  const whole = saturated(1e-9, 1e-10);
  const strong = effectOf(whole, saturated(1e-4, 1e-5), 1);
  const weak = effectOf(whole, saturated(2e-9, 1e-10), 1);
  assert.equal(strong.label, 1);
  assert.ok(strong.logOdds > 10 && weak.logOdds > 0 && weak.logOdds < 1);
  assert.deepEqual([strong.next, strong.nextScore], [2, 1e-4]);
});

test("log-odds are those of the shown label", () => {
  const { logOdds, before, after } = effectOf([0.2, 0.8], [0.5, 0.5], 1);
  assert.ok(Math.abs(logOdds - Math.log(4)) < 1e-12);
  assert.deepEqual([before, after], [0.8, 0.5]);
});

test("a word against the shown label speaks for the one that it raises most", () => {
  const { shown, label, logOdds } = effectOf([0.6, 0.3, 0.1], [0.8, 0.1, 0.1], 1);
  assert.ok(logOdds < 0);
  assert.deepEqual([shown, label], [0, 1]);
});

test("in a longer text the difference counts as often as there are windows", () => {
  const [one, three] = [1, 3].map((windows) => effectOf([0.9, 0.1], [0.7, 0.3], windows).logOdds);
  assert.ok(Math.abs(three - 3 * one) < 1e-12);
});
