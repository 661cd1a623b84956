const { load } = require("byline");
require("byline/phrase-classifier");

load().then((classify) =>
  console.log(`ANSWERS ${JSON.stringify({ required: classify("To be, or not to be") })}`),
);
