/** Guess first, then see: a phrase of the test split, the visitor's guess, the truth, and the model's answer. */

import { find, named, need } from "../shared/dom.js";
import { formatToParts, percent, t } from "../shared/i18n.js";

/**
 * @param {import("./client.js").Client} client
 * @param {import("./assets.js").Config} config
 * @param {(text: string) => void} look takes a phrase to the desk
 */
export function createQuiz(client, { labels, examples }, look) {
  if (!find("quiz")) return;
  const choices = /** @type {HTMLButtonElement[]} */ ([...need("choices").children]);
  const score = { rounds: 0, you: 0, model: 0 };
  let round = 0;
  /** @type {string[]} what the choices say */
  let offered = labels;

  function begin() {
    need("quiz-phrase").textContent = examples[round].text;
    offered =
      labels.length > choices.length ? someWith(examples[round].label, labels, choices.length) : labels;
    for (const [place, choice] of choices.entries()) choice.textContent = offered[place];
    need("quiz-verdict").replaceChildren();
    need("quiz-after").hidden = true;
    for (const choice of choices) {
      choice.disabled = false;
      choice.classList.remove("right", "wrong");
    }
  }

  /** @param {number} guessed */
  async function reveal(guessed) {
    const { text, label } = examples[round];
    const truth = offered.indexOf(label);
    for (const choice of choices) choice.disabled = true;
    choices[truth].classList.add("right");
    if (guessed !== truth) choices[guessed].classList.add("wrong");
    const { results, sure } = await client.read(text);
    const [best] = results;
    score.rounds += 1;
    score.you += Number(guessed === truth);
    score.model += Number(best.label === label && sure); // a "not sure" names nobody
    need("quiz-verdict").replaceChildren(
      ...formatToParts("right", { label: named(label, "strong") }),
      " ",
      ...(guessed === truth
        ? formatToParts("you_right", {})
        : formatToParts("you_wrong", { label: named(offered[guessed]) })),
      " ",
      ...formatToParts(ofModel(sure, best.label === label, guessed === truth), {
        label: named(best.label),
        share: percent(best.score),
      }),
    );
    need("score").textContent = t("score", { count: score.rounds, you: score.you, model: score.model });
    need("quiz-after").hidden = false;
    need("quiz-next").focus();
  }

  for (const [label, choice] of choices.entries()) choice.addEventListener("click", () => reveal(label));
  need("quiz-next").addEventListener("click", () => {
    round = (round + 1) % examples.length;
    begin();
    choices[0].focus();
  });
  need("quiz-try").addEventListener("click", () => look(examples[round].text));
  begin();
}

/**
 * @param {string} truth
 * @param {string[]} labels
 * @param {number} count
 * @returns {string[]} the truth and others by chance, in the order of the labels
 */
function someWith(truth, labels, count) {
  const others = labels.filter((label) => label !== truth);
  const drawn = Array.from({ length: count - 1 }, () => {
    const [label] = others.splice(Math.floor(Math.random() * others.length), 1);
    return label;
  });
  const chosen = new Set([truth, ...drawn]);
  return labels.filter((label) => chosen.has(label));
}

/**
 * @param {boolean} sure
 * @param {boolean} right
 * @param {boolean} youToo
 * @returns {string} the key of what is said of the model
 */
function ofModel(sure, right, youToo) {
  if (!sure) return "model_not_sure";
  if (!right) return "model_wrong";
  return youToo ? "model_right" : "model_only_right";
}
