import { type RecordedRequest, Sandbox } from '../../src/sandbox/sandbox.js';
import { configFile } from './config.js';
import { type RunningGateway, startGateway } from './gateway.js';

/** An entry of `model_list`. */
export interface Entry {
  readonly name: string;
  /** Which of the sandboxes serves it. */
  readonly at: number;
  readonly model?: string;
  readonly info?: object;
}

const CHEAP = { at: 0, model: 'recraft/recraftv2' }; // $0.022 a picture
const DEAR = { at: 1, model: 'recraft/recraftv3' }; // $0.04 a picture

/** A cheap deployment that comes first and a dear one: as one group, `pair`, and as two, `cheap` and what stands in for it. */
export const CHEAP_FIRST = {
  entries: [
    { ...CHEAP, name: 'pair' },
    { ...DEAR, name: 'pair' },
    { ...CHEAP, name: 'cheap' },
    { ...DEAR, name: 'dear' },
    // Either of these comes first.
    { ...CHEAP, name: 'same', info: { output_cost_per_image: 0.04 } },
    { ...DEAR, name: 'same', info: { output_cost_per_image: 0.04 } },
  ],
  settings: { routing_strategy: 'cost-based-routing', fallbacks: [{ cheap: ['dear'] }] },
  environment: { NUM_RETRIES: '1', DISABLE_COOLDOWNS: 'true' },
} as const;

/** A gateway whose deployments are at sandboxes of their own, each an account. The stack closes them all. */
export async function startDeployments(
  stack: AsyncDisposableStack,
  entries: readonly Entry[],
  settings: object = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<{ sandboxes: [Sandbox, ...Sandbox[]]; gateway: RunningGateway }> {
  const count = Math.max(...entries.map(({ at }) => at)) + 1;
  const sandboxes = await Promise.all(
    Array.from({ length: count }, async () =>
      stack.use(await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 })),
    ),
  );
  const modelList = entries.map(({ name, at, model = 'recraft/recraftv3', info }) => ({
    model_name: name,
    litellm_params: { model, api_base: sandboxes[at]?.url, api_key: `account-${at}` },
    ...(info && { model_info: info }),
  }));
  const config = stack.use(await configFile({ model_list: modelList, router_settings: settings }));
  const [first] = sandboxes;
  if (!first) throw new Error('A gateway needs a deployment.');
  const gateway = stack.use(
    await startGateway(first, {
      CONFIG_FILE: config.path,
      NUM_RETRIES: '2',
      DISABLE_COOLDOWNS: 'false',
      COOLDOWN_MS: '60000',
      ...environment,
    }),
  );
  return { sandboxes: sandboxes as [Sandbox, ...Sandbox[]], gateway };
}

const GENERATIONS = '/v1/images/generations';

/** The paths that a sandbox was asked for. */
export const pathsAt = (sandbox: { requests(): readonly RecordedRequest[] } | undefined): string[] =>
  (sandbox?.requests() ?? []).map(({ path }) => path);

/** How many pictures a sandbox was asked for. */
export const drawnAt = (sandbox: Sandbox | undefined): number =>
  pathsAt(sandbox).filter((path) => path === GENERATIONS).length;
