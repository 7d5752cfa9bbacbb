import type { IncomingMessage } from 'node:http';
import { jsonAnswer, type Answer } from './answer.js';
import { readBody } from './body.js';
import { requireFaults } from './fault.js';
import { NUMERIC_SETTINGS, problemWith, type SandboxSettings } from './settings.js';
import type { SandboxState } from './state.js';

/** Where the control API lives. It is the sandbox's own and asks for no token. */
export const CONTROL = '/__sandbox';

type Act = (state: SandboxState, body: unknown) => unknown;

/** What each control does; what it returns is the answer. */
const CONTROLS: Readonly<Record<string, Act>> = {
  'GET /requests': (state) => state.journal.requests(),
  'GET /charges': (state) => state.ledger.charges(),
  'POST /faults': (state, body) => {
    state.faults.add(requireFaults(body));
    return state.faults.pending();
  },
  'POST /release': (state) => ({ released: state.holds.release() }),
  'POST /settings': (state, body) => {
    state.configure(requireSettings(body));
    return Object.fromEntries(NUMERIC_SETTINGS.map((name) => [name, state.settings[name]]));
  },
  'POST /reset': (state) => {
    state.reset();
    return {};
  },
};

/** Answers a request below `/__sandbox`. */
export async function control(state: SandboxState, request: IncomingMessage, path: string): Promise<Answer> {
  const act = CONTROLS[`${request.method ?? ''} ${path.slice(CONTROL.length)}`];
  if (act === undefined) return jsonAnswer(404, { message: `The controls are ${Object.keys(CONTROLS).join(', ')}` });
  const text = (await readBody(request))?.toString() ?? '';
  try {
    return jsonAnswer(200, act(state, text === '' ? undefined : JSON.parse(text)));
  } catch (error) {
    return jsonAnswer(400, { message: error instanceof Error ? error.message : String(error) });
  }
}

/** @throws Error naming the setting that is wrong */
function requireSettings(body: unknown): Partial<SandboxSettings> {
  if (typeof body !== 'object' || body === null) throw new Error('settings must be an object');
  for (const [name, value] of Object.entries(body)) {
    if (!NUMERIC_SETTINGS.some((setting) => setting === name)) throw new Error(`${name} is no setting`);
    const problem = problemWith(value);
    if (problem !== undefined) throw new Error(`${name} ${problem}`);
  }
  return body;
}
