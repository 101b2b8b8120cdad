// A client is driven by lines of JSON: each command is one on standard input, each answer one on
// standard output. What the client itself prints goes to standard error.

import { Console } from 'node:console';
import { createInterface } from 'node:readline';

globalThis.console = new Console(process.stderr);

/** Answer commands, each with what its call returned or threw, until there are no more. */
export async function answer(connect, calls) {
  const commands = createInterface({ input: process.stdin });
  commands.on('close', () => process.exit()); // whatever is going on, or still connected
  for await (const line of commands) {
    const { client, call, given } = JSON.parse(line);
    const outcome = await outcomeOf(() => calls[call](connect(client), given));
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

async function outcomeOf(call) {
  try {
    return { returned: await call() };
  } catch (error) {
    return { thrown: held(error) };
  }
}

/** Return what an error holds; its name, message and cause are not among what JSON takes of it. */
function held(error) {
  const { name, message, cause } = error;
  return { ...error, name, message, cause: cause && reason(cause) };
}

function reason({ name, message, code }) {
  return { name, message, code };
}
