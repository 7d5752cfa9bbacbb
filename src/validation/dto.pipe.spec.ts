import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { EditImageDto } from '../images/openai/dto/edit-image.dto.js';
import { GenerateImageDto } from '../images/openai/dto/generate-image.dto.js';
import { Acceptance } from './acceptance.js';
import { toDto } from './dto.pipe.js';

const rightFields = [
  { prompt: 'a fox' },
  { prompt: 'a fox', n: 6, size: '16:9', style: 'x', style_id: 'y', response_format: 'url', random_seed: 0 },
  { prompt: 'a fox', n: undefined, unknown: [1], quality: 'hd', background: 'auto', stream: false, user: '' },
  { prompt: 'a fox', strength: 0.5, size: '1024x1024', input_fidelity: 'low' },
  { prompt: 'a fox', controls: { colors: [{ rgb: [1, 2, 3], weight: 0.5 }], artistic_level: 5, no_text: true } },
];

const wrongFields: [Record<string, unknown>, param: string, code: string][] = [
  [{}, 'prompt', 'missing_required_parameter'],
  [{ prompt: '' }, 'prompt', 'missing_required_parameter'],
  [{ prompt: 5 }, 'prompt', 'invalid_type'],
  [{ prompt: 'x', n: '2' }, 'n', 'invalid_type'],
  [{ prompt: 'x', n: 1.5 }, 'n', 'invalid_type'],
  [{ prompt: 'x', n: 0 }, 'n', 'integer_below_min_value'],
  [{ prompt: 'x', n: 7 }, 'n', 'integer_above_max_value'],
  [{ prompt: 'x', size: 'big' }, 'size', 'invalid_value'],
  [{ prompt: 'x', response_format: 'png' }, 'response_format', 'invalid_value'],
  [{ prompt: 'x', stream: 'yes' }, 'stream', 'invalid_type'],
  [{ prompt: 'x', style: 'y'.repeat(101) }, 'style', 'string_above_max_length'],
  [{ prompt: 'x', block_nsfw: 'yes' }, 'block_nsfw', 'invalid_type'],
  [{ prompt: 'x', style_reference_urls: 'https://x' }, 'style_reference_urls', 'invalid_type'],
  [{ prompt: 'x', style_reference_urls: ['ftp://x'] }, 'style_reference_urls', 'invalid_value'],
  [{ prompt: 'x', style_reference_urls: Array(11).fill('https://x') }, 'style_reference_urls', 'invalid_value'],
  [{ prompt: 'x', controls: 'red' }, 'controls', 'invalid_type'],
  [{ prompt: 'x', controls: { colors: [{ rgb: [0, 0, 256] }] } }, 'controls.colors[0].rgb', 'integer_above_max_value'],
  [{ prompt: 'x', controls: { colors: [{ rgb: [1, 2] }] } }, 'controls.colors[0].rgb', 'invalid_value'],
  [{ prompt: 'x', controls: { artistic_level: 6 } }, 'controls.artistic_level', 'integer_above_max_value'],
  [{ prompt: 'x', text_layout: [{ bbox: [] }] }, 'text_layout[0].text', 'missing_required_parameter'],
];

describe('toDto', () => {
  it.each(rightFields)('keeps every field of %j', (fields) => {
    expect(Object.fromEntries(Object.entries(toDto(EditImageDto, fields)))).toMatchObject(fields);
  });

  it.each(wrongFields)('refuses %j, naming %s', (fields, param, code) => {
    expect(() => toDto(GenerateImageDto, fields)).toThrow(expect.objectContaining({ param, code, status: 400 }));
  });

  it('says everything that is wrong at once and names the first', () => {
    expect(() => toDto(GenerateImageDto, { n: 9, size: 1 })).toThrow(
      expect.objectContaining({
        message: 'size must be a string; prompt is required; n must not be greater than 6.',
        param: 'size',
      }),
    );
  });
});

describe('Acceptance', () => {
  const all = [...rightFields, ...wrongFields.map(([fields]) => fields)];

  it.each([GenerateImageDto, EditImageDto])('accepts for %p nothing that class-validator refuses', (dtoClass) => {
    const acceptance = new Acceptance(dtoClass);
    for (const fields of all) {
      const isRight = validateSync(plainToInstance(dtoClass, fields)).length === 0;
      expect([fields, isRight || !acceptance.accepts(fields)]).toEqual([fields, true]);
    }
  });

  it('accepts the usual request without asking', () => {
    expect(new Acceptance(GenerateImageDto).accepts({ prompt: 'a fox', model: 'm', n: 1, size: '1024x1024' })).toBe(
      true,
    );
  });
});
