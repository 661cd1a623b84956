/** Plurals follow the rules of the language that a text is in. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { speak, t } from "../src/shared/i18n.js";

const english = { one: "{count} word", other: "{count} words" };

test("the page's own language has its own forms", () => {
  speak("pl", {
    words: { one: "{count} słowo", few: "{count} słowa", many: "{count} słów", other: "{count} słowa" },
  });
  assert.deepEqual(
    [1, 3, 5].map((count) => t("words", { count })),
    ["1 słowo", "3 słowa", "5 słów"],
  );
});

for (const language of ["pl", "ja", "fr", "tr"]) {
  test(`English text on a page in ${language} has English forms`, () => {
    speak(language, { words: { ...english, in: "en" } });
    assert.deepEqual(
      [0, 1, 3].map((count) => t("words", { count })),
      ["0 words", "1 word", "3 words"],
    );
  });
}

test("on a page in Arabic, too, whose numerals may be its own", () => {
  speak("ar", { words: { ...english, in: "en" } });
  assert.deepEqual(
    [0, 1, 2].map((count) => t("words", { count }).split(" ")[1]),
    ["words", "word", "words"],
  );
});
