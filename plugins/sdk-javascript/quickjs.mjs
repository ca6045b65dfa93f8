// Makes a component with QuickJS: 1.1 MB, and pamrun compiles it in a second or two.

import { readFile } from 'node:fs/promises';
import { componentize } from 'componentize-qjs';

export async function component({ entry, root, wit, world }) {
  const made = await componentize({
    jsSource: await readFile(entry, 'utf8'),
    jsPath: entry,
    moduleRoot: root,
    witPath: wit,
    world,
    // pamrun calls a step and waits for it; the other way is for hosts that do not.
    sync: true,
    optSize: true,
  });
  return made.component;
}
