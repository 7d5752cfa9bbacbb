import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { drawSvg, type DrawingOrder } from './drawing.js';
import { wrap, widthOf } from './lettering.js';

const anOrder = (over: Partial<DrawingOrder> = {}): DrawingOrder => ({
  prompt: 'a fox',
  look: 'recraftv4_1',
  seed: 0,
  index: 0,
  width: 1024,
  height: 1024,
  ...over,
});

describe('a drawing', () => {
  it.each([
    ['no letters at all', '   '],
    ['markup', '<svg onload="x"> & "quotes"'],
    ['control characters', 'a\u0000b\nc\td'],
    ['many scripts', 'Лиса שועל ثعلب αλεπού 狐 🦊 ẞ'],
    ['one endless word', 'x'.repeat(900)],
    ['a long text', 'a fox jumps over '.repeat(500)],
  ])('can be made of %s', async (_, prompt) => {
    const svg = drawSvg(anOrder({ prompt }));
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    await expect(sharp(Buffer.from(svg)).metadata()).resolves.toMatchObject({
      format: 'svg',
      width: 1024,
      height: 1024,
    });
  });

  it('is made of paths, needs no font and says that it is simulated', () => {
    const svg = drawSvg(anOrder());
    const elements = new Set(Array.from(svg.matchAll(/<([a-zA-Z]+)/g), ([, name]) => name));
    expect([...elements].sort()).toEqual(['g', 'linearGradient', 'metadata', 'path', 'stop', 'svg']);
    expect(svg).toContain('Simulated');
  });

  it('writes its prompt: other words, other outlines', () => {
    const label = (prompt: string): string | undefined => /d="([^"]*)"\/><\/g>/.exec(drawSvg(anOrder({ prompt })))?.[1];
    expect(label('a fox')).not.toEqual(label('a cat'));
    expect(label('a fox')?.length).toBeGreaterThan(200);
  });

  it('stays within its canvas whatever its shape', () => {
    for (const [width, height] of [
      [3072, 1536],
      [768, 1536],
    ] as const) {
      const label = /M([\d.]+) ([\d.]+)h([\d.]+)a[^"]*"\/><path[^>]*\/><\/g>/.exec(
        drawSvg(anOrder({ width, height, prompt: 'a long way '.repeat(60) })),
      );
      const [x, y, across] = (label ?? []).slice(1).map(Number);
      expect(x).toBeGreaterThan(0);
      expect(y).toBeGreaterThan(height / 2);
      expect((x ?? 0) + (across ?? 0)).toBeLessThan(width);
    }
  });
});

describe('the lettering', () => {
  it('breaks between words, and inside a word only where it must', () => {
    const width = widthOf('a quick', 20);
    expect(wrap('a quick fox', 20, width)).toEqual(['a quick', 'fox']);
    const lines = wrap('incomprehensibilities', 20, width);
    expect(lines.join('')).toBe('incomprehensibilities');
    expect(lines.every((line) => widthOf(line, 20) <= width)).toBe(true);
  });
});
