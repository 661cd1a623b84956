export default { turbopack: { root: process.env.BYLINE_ROOT }, devIndicators: false };
