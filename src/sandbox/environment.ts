import { problemWith, type NumericSetting, type SandboxSettings } from './settings.js';

/** What `main.ts` starts a sandbox with. */
export interface SandboxEnvironment extends Partial<SandboxSettings> {
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
}

const VARIABLES: readonly (readonly [string, NumericSetting])[] = [
  ['SANDBOX_LATENCY_MS', 'latencyMs'],
  ['SANDBOX_REQUESTS_PER_SECOND', 'requestsPerSecond'],
  ['SANDBOX_IMAGES_PER_MINUTE', 'imagesPerMinute'],
  ['SANDBOX_CREDITS', 'credits'],
];

/**
 * Reads the sandbox's environment; an empty variable counts as unset.
 *
 * @throws Error listing every variable that is wrong, one a line
 */
export function readEnvironment(env: NodeJS.ProcessEnv): SandboxEnvironment {
  const problems: string[] = [];
  const whole = (name: string, largest?: number): number | undefined => {
    const text = env[name]?.trim();
    if (text === undefined || text === '') return undefined;
    const problem = problemWith(/^\d+$/.test(text) ? Number(text) : text, largest);
    if (problem !== undefined) problems.push(`${name} ${problem}, not '${text}'`);
    return Number(text);
  };
  const port = whole('SANDBOX_PORT', 65_535) ?? 4010;
  const settings = Object.fromEntries(
    VARIABLES.map(([name, setting]) => [setting, whole(name)] as const).filter(([, value]) => value !== undefined),
  );
  const publicUrl = env['SANDBOX_PUBLIC_URL'];
  if (publicUrl !== undefined && publicUrl !== '' && !/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? '')) {
    problems.push(`SANDBOX_PUBLIC_URL must be an http or https URL, not '${publicUrl}'`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const host = env['SANDBOX_HOST'];
  return {
    host: host === undefined || host === '' ? '127.0.0.1' : host,
    port,
    ...(publicUrl !== undefined && publicUrl !== '' && { publicUrl }),
    ...settings,
  };
}
