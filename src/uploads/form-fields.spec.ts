import { describe, expect, it } from '@jest/globals';
import { decodeFields } from './form-fields.js';
import { coerceScalars } from './form-scalars.js';

/** One `name=value` a line, in order. */
function decode(form: string): Record<string, unknown> {
  const lines = form.trim().split('\n');
  return decodeFields(lines.map((line) => line.trim().split(/=(.*)/s, 2) as [string, string]));
}

const repeat = (name: string, values: readonly unknown[]): string =>
  values.map((value) => `${name}=${String(value)}`).join('\n');

describe('decodeFields', () => {
  it('keeps top-level values as text', () => {
    expect(decode('prompt=a fox\nn=2\nstrength=0.35\nempty=')).toEqual({
      prompt: 'a fox',
      n: '2',
      strength: '0.35',
      empty: '',
    });
  });

  it('makes line ends what they were before the form', () => {
    expect(decodeFields([['prompt', 'one\r\ntwo\nthree']])).toEqual({ prompt: 'one\ntwo\nthree' });
  });

  it('reads bracketed names and gives known ones their types', () => {
    const form = `
      controls[no_text]=true
      controls[artistic_level]=3
      controls[background_color][rgb][]=1
      controls[background_color][rgb][]=2
      controls[background_color][rgb][]=3
      svg[reasoning][effort]=low`;
    expect(decode(form)).toEqual({
      controls: { no_text: true, artistic_level: 3, background_color: { rgb: [1, 2, 3] } },
      svg: { reasoning: { effort: 'low' } },
    });
  });

  it('reads indexed names', () => {
    const form = `
      controls[colors][0][rgb][0]=255
      controls[colors][0][rgb][1]=0
      controls[colors][0][rgb][2]=0
      controls[colors][0][weight]=0.5
      controls[colors][1][rgb][]=1
      controls[colors][1][rgb][]=2
      controls[colors][1][rgb][]=3
      controls[colors][1][weight]=.5`;
    expect(decode(form)).toEqual({
      controls: {
        colors: [
          { rgb: [255, 0, 0], weight: 0.5 },
          { rgb: [1, 2, 3], weight: 0.5 },
        ],
      },
    });
  });

  it('begins a new colour where the last has its three values', () => {
    expect(decode(repeat('controls[colors][][rgb][]', [255, 0, 0, 0, 128, 255]))).toEqual({
      controls: { colors: [{ rgb: [255, 0, 0] }, { rgb: [0, 128, 255] }] },
    });
  });

  it.each(['after', 'before'])('gives each colour the weight that came %s it', (place) => {
    const rgb = (values: number[]): string => repeat('controls[colors][][rgb][]', values);
    const weight = (value: number): string => `controls[colors][][weight]=${value}`;
    const pairs = [
      [rgb([1, 2, 3]), weight(0.25)],
      [rgb([4, 5, 6]), weight(0.75)],
    ];
    const form = pairs.flatMap((pair) => (place === 'after' ? pair : pair.toReversed())).join('\n');
    expect(decode(form)).toEqual({
      controls: {
        colors: [
          { rgb: [1, 2, 3], weight: 0.25 },
          { rgb: [4, 5, 6], weight: 0.75 },
        ],
      },
    });
  });

  it('rebuilds a text layout: four points a word', () => {
    const corners = [0, 0, 1, 0, 1, 0.5, 0, 0.5];
    const word = (text: string): string => `text_layout[][text]=${text}\n${repeat('text_layout[][bbox][][]', corners)}`;
    const bbox = [
      [0, 0],
      [1, 0],
      [1, 0.5],
      [0, 0.5],
    ];
    expect(decode(`${word('HELLO')}\n${word('{')}`)).toEqual({
      text_layout: [
        { text: 'HELLO', bbox },
        { text: '{', bbox },
      ],
    });
    expect(decode(repeat('text_layout[][bbox][][]', [...corners, ...corners]))).toEqual({
      text_layout: [{ bbox }, { bbox }],
    });
  });

  it('takes JSON text inside brackets', () => {
    const form = `
      controls[background_color]={"rgb":[1,2,3]}
      controls[colors][]={"rgb":[4,5,6]}
      controls[colors][]={"rgb":[7,8,9]}`;
    expect(decode(form)).toEqual({
      controls: { background_color: { rgb: [1, 2, 3] }, colors: [{ rgb: [4, 5, 6] }, { rgb: [7, 8, 9] }] },
    });
  });

  it('takes an empty nested value for one that was not given', () => {
    expect(decode('controls[artistic_level]=\ncontrols[no_text]=false')).toEqual({ controls: { no_text: false } });
  });

  it.each([
    ['prompt=a\nprompt=b', 'invalidValue', 'prompt'],
    ['controls[no_text]=true\ncontrols[no_text]=true', 'invalidValue', 'controls[no_text]'],
    ['controls={}\ncontrols[no_text]=true', 'invalidValue', 'controls[no_text]'],
    ['controls[no_text]=true\ncontrols[]=1', 'invalidValue', 'controls[]'],
    ['a[]=1\na[b]=1', 'invalidValue', 'a[b]'],
    ['a[1]=x', 'invalidValue', 'a[1]'],
    ['a[0]=x\na[0]=y', 'invalidValue', 'a[0]'],
    ['controls[no_text]=maybe', 'invalidType', 'controls[no_text]'],
    ['controls[background_color][rgb][]=red', 'invalidType', 'controls[background_color][rgb][]'],
    ['controls[colors][][rgb][]=', 'invalidType', 'controls[colors][][rgb][]'],
    ['controls[background_color]={"rgb":', 'invalidType', 'controls[background_color]'],
    ['a[b=1', 'invalidForm', 'a[b'],
    ['[a]=1', 'invalidForm', '[a]'],
    ['a[b]c=1', 'invalidForm', 'a[b]c'],
    ['a[b][c][d][e][f][g]=1', 'invalidForm', 'a[b][c][d][e][f][g]'],
  ])('refuses %j', (form, fault, param) => {
    expect(() => decode(form)).toThrow(expect.objectContaining({ fault, param }));
  });

  it.each(['[object Object]', '[object Object],[object Object]', '[object File]'])(
    'tells what to send for %s',
    (text) => {
      expect(() => decode(`controls=${text}`)).toThrow(
        expect.objectContaining({
          fault: 'invalidType',
          param: 'controls',
          message: expect.stringContaining('JSON.stringify') as unknown,
        }),
      );
    },
  );

  it.each(['__proto__', 'constructor', 'prototype', 'a[__proto__][polluted]', 'a[constructor][prototype][polluted]'])(
    'refuses the name %s and leaves every prototype as it was',
    (name) => {
      expect(() => decode(`${name}=1`)).toThrow(expect.objectContaining({ fault: 'invalidForm', param: name }));
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  it('takes names of inherited members as names like any other', () => {
    expect(decode('toString=a\na[hasOwnProperty]=b')).toEqual({ toString: 'a', a: { hasOwnProperty: 'b' } });
  });
});

describe('coerceScalars', () => {
  const kinds = { n: 'integer', strength: 'number', stream: 'boolean', controls: 'json', prompt: 'string' } as const;

  it('gives texts the types of a JSON body', () => {
    const fields = { n: '2', strength: '0.35', stream: 'true', controls: '{"no_text":true}', prompt: '7', other: '7' };
    expect(coerceScalars(fields, kinds)).toEqual({
      n: 2,
      strength: 0.35,
      stream: true,
      controls: { no_text: true },
      prompt: '7',
      other: '7',
    });
  });

  it('leaves out what is empty, and leaves alone what is an object already', () => {
    const controls = { no_text: true };
    expect(coerceScalars({ n: '', prompt: '', style: '', controls }, kinds)).toEqual({ controls });
  });

  it.each([
    ['n', '1', 1],
    ['n', '2.0', 2],
    ['n', ' 3 ', 3],
    ['strength', '1e-1', 0.1],
    ['strength', '1', 1],
    ['stream', 'True', true],
    ['stream', 'False', false],
    ['stream', '0', false],
  ])('reads %s=%j as %j', (name, text, value) => {
    expect(coerceScalars({ [name]: text }, kinds)).toEqual({ [name]: value });
  });

  it.each([
    ['n', 'abc'],
    ['n', '1.5'],
    ['n', '0x10'],
    ['n', '99999999999999999999'],
    ['strength', 'Infinity'],
    ['strength', '1,5'],
    ['strength', ' '],
    ['stream', 'yes'],
    ['controls', '{no_text: true}'],
  ])('refuses %s=%j by name', (name, text) => {
    expect(() => coerceScalars({ [name]: text }, kinds)).toThrow(
      expect.objectContaining({ fault: 'invalidType', param: name }),
    );
  });
});
