// What preflight tells an operator beforehand.

const LEVELS = ['info', 'warning', 'error'];

/** Makes a finding, for `findings` of a plan. */
export function finding(level, code, message, fix) {
  if (!LEVELS.includes(level)) {
    throw new TypeError(`the level of a finding is info, warning or error, and not ${JSON.stringify(level)}`);
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code)) {
    throw new TypeError(`the code of a finding is a word in kebab-case, and not ${JSON.stringify(code)}`);
  }
  return { level, code, message, fix };
}
