/**
 * The page's policy requires trusted types: a browser takes no string as a script's address or as markup. What made
 * these here names itself in the policy, which allows each name once: nothing else that comes to the page can do it.
 */

/**
 * @param {string} name as the content security policy lists it
 * @param {Record<string, (text: string) => string>} rules
 * @returns {Record<string, (text: string) => string>} what it gives is no string, but stands in the place of one
 */
export function createPolicy(name, rules) {
  const { trustedTypes } = /** @type {{trustedTypes?: any}} */ (globalThis);
  return trustedTypes ? trustedTypes.createPolicy(name, rules) : rules;
}

/**
 * @param {string} name of a policy that gives this address alone, whatever it is asked
 * @param {string | URL} address
 * @returns {string}
 */
export function trustedAddress(name, address) {
  return createPolicy(name, { createScriptURL: () => String(address) }).createScriptURL("");
}
