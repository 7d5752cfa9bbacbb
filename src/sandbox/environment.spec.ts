import { describe, expect, it } from '@jest/globals';
import { readEnvironment } from './environment.js';

describe("the sandbox's environment", () => {
  it('has defaults', () => {
    expect(readEnvironment({ SANDBOX_CREDITS: '' })).toEqual({ host: '127.0.0.1', port: 4010 });
  });

  it('is read whole', () => {
    const env = {
      SANDBOX_PORT: '0',
      SANDBOX_HOST: '0.0.0.0',
      SANDBOX_LATENCY_MS: '8000',
      SANDBOX_REQUESTS_PER_SECOND: '0',
      SANDBOX_IMAGES_PER_MINUTE: '10',
      SANDBOX_CREDITS: '250',
      SANDBOX_PUBLIC_URL: 'http://localhost:4010',
    };
    expect(readEnvironment(env)).toEqual({
      host: '0.0.0.0',
      port: 0,
      latencyMs: 8000,
      requestsPerSecond: 0,
      imagesPerMinute: 10,
      credits: 250,
      publicUrl: 'http://localhost:4010',
    });
  });

  it('names every variable that is wrong', () => {
    const env = { SANDBOX_PORT: '70000', SANDBOX_LATENCY_MS: '1s', SANDBOX_CREDITS: '-1', SANDBOX_PUBLIC_URL: 'here' };
    expect(() => readEnvironment(env)).toThrow(
      [
        "SANDBOX_PORT must be a whole number from 0 to 65535, not '70000'",
        "SANDBOX_LATENCY_MS must be a whole number from 0 to 2147483647, not '1s'",
        "SANDBOX_CREDITS must be a whole number from 0 to 2147483647, not '-1'",
        "SANDBOX_PUBLIC_URL must be an http or https URL, not 'here'",
      ].join('\n'),
    );
  });
});
