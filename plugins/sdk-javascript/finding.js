// What preflight tells an operator beforehand, in a form that programs read too.

const LEVELS = ['error', 'warning', 'info'];

// Line ends mean something here, and names that a service gave may have some in them.
const oneLine = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');

/** The text of a note which is a finding: `LEVEL CODE: MESSAGE`, and what to do in a second line. */
export function finding(level, code, message, fix = '') {
  if (!LEVELS.includes(level)) {
    throw new TypeError(`the level of a finding is error, warning or info, and not ${JSON.stringify(level)}`);
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code)) {
    throw new TypeError(`the code of a finding is a word in kebab-case, and not ${JSON.stringify(code)}`);
  }
  const first = `${level} ${code}: ${oneLine(message)}`;
  return fix === '' ? first : `${first}\n${oneLine(fix)}`;
}
