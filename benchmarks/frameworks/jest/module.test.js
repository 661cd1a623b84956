/** In Jest's own environment, that of Node: what is imported is required there. */

const { load } = require("byline");
const { load: loadStatic } = require("byline/static");

const TEXT = "To be, or not to be";

test("the module answers", async () => {
  const answers = { module: (await load())(TEXT), static: (await loadStatic())(TEXT) };
  process.stdout.write(`ANSWERS ${JSON.stringify(answers)}\n`);
});
