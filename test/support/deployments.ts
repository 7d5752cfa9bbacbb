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
