// Makes a component with StarlingMonkey, Firefox's engine: 12 MB, and pamrun compiles it in half a minute.

import { componentize } from '@bytecodealliance/componentize-js';

export async function component({ entry, wit, world }) {
  const made = await componentize({
    sourcePath: entry,
    witPath: wit,
    worldName: world,
    // Without this it imports HTTP, which a plugin cannot have.
    disableFeatures: ['http', 'fetch-event'],
  });
  return made.component;
}
