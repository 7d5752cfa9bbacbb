import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

const document = JSON.parse(await readFile('docs/openapi.json', 'utf8'));

const answers = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, { responses }]) =>
    Object.entries(responses)
      .filter(([status, { content }]) => status.startsWith('2') && content?.['application/json'])
      .map(([status, { content }]) => [`${method.toUpperCase()} ${path} ${status}`, content['application/json']]),
  ),
);

const ajv = formats.default(new Ajv({ strict: false, allErrors: true, validateFormats: true }));
ajv.addSchema({ $id: 'api', components: document.components });
const check = (schema) => ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')));

describe('Every successful JSON answer', () => {
  it.each(answers)('has an example that is one: %s', (name, { schema, example, examples }) => {
    const shown = examples ? Object.values(examples).map(({ value }) => value) : [example];
    const isAnswer = check(schema);

    expect(shown).not.toContain(undefined);
    expect(JSON.stringify(shown)).not.toMatch(/[:[]""/);
    for (const value of shown) expect({ value, valid: isAnswer(value), errors: isAnswer.errors }).toMatchObject({ valid: true }); // prettier-ignore
  });

  it('shows no account that answers among those that do not', () => {
    const { example } = document.paths['/health'].get.responses[200].content['application/json'];
    expect(example.healthy_endpoints).toHaveLength(example.healthy_count);
    expect(example.unhealthy_endpoints).toHaveLength(example.unhealthy_count);
  });
});

describe('The document', () => {
  it('leads to the documentation of both dialects and of the keys', () => {
    const { info, externalDocs, tags } = document;
    const urls = new Set([externalDocs.url, ...tags.flatMap((tag) => tag.externalDocs?.url ?? [])]);
    const linked = [...info.description.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);

    expect([...urls].map((url) => new URL(url).hostname).sort()).toEqual([
      'docs.litellm.ai',
      'platform.openai.com',
      'www.recraft.ai',
    ]);
    expect(linked).toEqual([expect.stringContaining('openai.com'), externalDocs.url, 'openapi.json']);
  });
});
