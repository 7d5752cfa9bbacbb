import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { SIZES_1K, SIZES_2K, SIZES_V3 } from './sizes.js';
import { Sandbox } from './sandbox.js';

/** Recraft's published document lies beside the project, not in it: it states no licence. */
const DOCUMENT = resolve('../shared/reference/recraft-openapi.json');

if (!existsSync(DOCUMENT))
  process.stderr.write(`The sandbox was not compared with Recraft's OpenAPI document: ${DOCUMENT} is missing.\n`);
const whereDocumented = existsSync(DOCUMENT) ? describe : describe.skip;

whereDocumented("Recraft's published schemas", () => {
  let sandbox: Sandbox;
  const document = existsSync(DOCUMENT)
    ? (JSON.parse(readFileSync(DOCUMENT, 'utf8')) as { components: { schemas: { ImageSize: { enum: string[] } } } })
    : undefined;
  const ajv = new Ajv({ strict: false, allErrors: true });
  // The package is CommonJS with a default export: its types and its value disagree about where the function is.
  formats.default(ajv);
  if (document !== undefined) ajv.addSchema(document, 'recraft');

  beforeAll(async () => {
    sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  });
  afterAll(async () => {
    await sandbox.close();
  });

  async function answerTo(method: string, path: string, fields?: object): Promise<unknown> {
    const answer = await fetch(sandbox.url + path, {
      method,
      headers: { authorization: 'Bearer any' },
      ...(fields !== undefined && { body: JSON.stringify(fields) }),
    });
    expect(answer.status).toBe(200);
    return await answer.json();
  }

  const svg = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"/>')}`;

  it.each([
    ['GenerateImageResponse', 'POST', '/v1/images/generations', { prompt: 'a fox', n: 2 }],
    ['GenerateImageResponse', 'POST', '/v1/images/generations', { prompt: 'a fox', response_format: 'b64_json' }],
    ['GenerateImageResponse', 'POST', '/v1/images/generations/vector', { prompt: 'a fox' }],
    ['GenerateImageResponse', 'POST', '/v1/images/imageToImage', { prompt: 'a fox', strength: 0.5, image_url: svg }],
    ['User', 'GET', '/v1/users/me', undefined],
    ['ListModelsResponse', 'GET', '/v1/models', undefined],
    ['SystemStatus', 'GET', '/status', undefined],
  ])('%s fits what %s %s answers to %j', async (schema, method, path, fields) => {
    const validate = ajv.compile({ $ref: `recraft#/components/schemas/${schema}` });
    validate(await answerTo(method, path, fields));
    expect(validate.errors).toBeNull();
  });

  it('know every size that the sandbox draws', () => {
    const known = document?.components.schemas.ImageSize.enum ?? [];
    const drawn = [SIZES_1K, SIZES_2K, SIZES_V3].flatMap((sizes) => [...sizes.keys(), ...sizes.values()]);
    expect(drawn.filter((size) => !known.includes(size))).toEqual([]);
  });
});
