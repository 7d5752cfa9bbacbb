import type { Palette } from './palette.js';
import { between, type Random } from './random.js';
import { circle, filled, hill, polygon, quarter, rectangle, ring, type Point } from './shapes.js';

/** The canvas, the paints and the dice of one picture. */
export interface Easel {
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
  readonly random: Random;
}

type Scene = (easel: Easel) => string;

/** What can be seen in a simulated picture. Prompt and look choose among them. */
export const SCENES: readonly Scene[] = [hills, bubbles, tiles, skyline, ribbons];

function paint({ palette }: Easel, index: number): string {
  return palette.paints[index % palette.paints.length] ?? palette.ink;
}

function pick(easel: Easel): string {
  return paint(easel, Math.floor(easel.random() * easel.palette.paints.length));
}

/** A sun or moon over ranges of hills, with trees on the nearest. */
function hills(easel: Easel): string {
  const { width, height, random } = easel;
  const unit = Math.min(width, height);
  const sunX = between(random, 0.15, 0.85) * width;
  const sunY = between(random, 0.14, 0.36) * height;
  const sun = between(random, 0.07, 0.13) * unit;
  const parts = [
    filled(circle(sunX, sunY, sun * 1.5), paint(easel, 4), 0.3),
    filled(circle(sunX, sunY, sun), paint(easel, 4)),
  ];
  const ranges = 4;
  for (let range = 0; range < ranges; range += 1) {
    const level = (0.42 + range * 0.13) * height;
    const points = crest(easel, level, (0.15 - range * 0.025) * height);
    parts.push(filled(hill(points, height), paint(easel, ranges - 1 - range)));
    if (range === 2) for (let tree = 0; tree < 9; tree += 1) parts.push(fir(easel, level));
  }
  return parts.join('');
}

function crest({ width, random }: Easel, level: number, swing: number): Point[] {
  const steps = 6;
  return Array.from({ length: steps + 1 }, (_, step): Point => [
    (width * step) / steps,
    level + between(random, -swing, swing),
  ]);
}

function fir(easel: Easel, level: number): string {
  const { width, height, random } = easel;
  const x = random() * width;
  const foot = level + between(random, 0.06, 0.16) * height;
  const tall = between(random, 0.06, 0.11) * height;
  const half = tall * 0.28;
  return filled(
    polygon([
      [x - half, foot],
      [x, foot - tall],
      [x + half, foot],
    ]),
    paint(easel, 0),
  );
}

/** Discs and rings that overlap. */
function bubbles(easel: Easel): string {
  const { width, height, random } = easel;
  const unit = Math.min(width, height);
  return Array.from({ length: 16 }, (_, index) => {
    const x = random() * width;
    const y = random() * height;
    const radius = between(random, 0.05, 0.24) * unit;
    return index % 3 === 2
      ? filled(ring(x, y, radius, radius * 0.68), pick(easel), 0.9)
      : filled(circle(x, y, radius), pick(easel), 0.72);
  }).join('');
}

/** A board of quarter circles, dots and triangles. */
function tiles(easel: Easel): string {
  const { width, height, random } = easel;
  const side = Math.min(width, height) / Math.round(between(random, 4, 7));
  const parts: string[] = [];
  for (let y = 0; y < height; y += side) {
    for (let x = 0; x < width; x += side) parts.push(tile(easel, x, y, side));
  }
  return parts.join('');
}

function tile(easel: Easel, x: number, y: number, side: number): string {
  const { random } = easel;
  const ground = random() < 0.75 ? filled(rectangle(x, y, side, side), pick(easel)) : '';
  const turn = Math.floor(random() * 4);
  const kind = random();
  if (kind < 0.5) return ground + filled(quarter(x, y, side, turn), pick(easel));
  if (kind < 0.7) return ground + filled(circle(x + side / 2, y + side / 2, side * 0.3), pick(easel));
  if (kind < 0.9)
    return (
      ground + filled(polygon([[x, y], [x + side, y + side], turn < 2 ? [x, y + side] : [x + side, y]]), pick(easel))
    );
  return ground;
}

/** Rows of towers with lit windows. */
function skyline(easel: Easel): string {
  const { width, height, random } = easel;
  const unit = Math.min(width, height);
  const parts = [
    filled(
      circle(between(random, 0.2, 0.8) * width, between(random, 0.15, 0.3) * height, unit * 0.09),
      paint(easel, 4),
    ),
  ];
  for (let row = 0; row < 3; row += 1) {
    const colour = paint(easel, 2 - row);
    for (let x = -unit * 0.03; x < width;) {
      const wide = between(random, 0.07, 0.13) * unit;
      const top = between(random, 0.3 + row * 0.13, 0.5 + row * 0.13) * height;
      parts.push(filled(rectangle(x, top, wide, height - top), colour), windows(easel, x, top, wide));
      x += wide + between(random, -0.005, 0.03) * unit;
    }
  }
  return parts.join('');
}

/** All lit windows of one tower, as one path. */
function windows(easel: Easel, x: number, top: number, wide: number): string {
  const { height, random } = easel;
  const pane = wide / 7;
  let outline = '';
  for (let y = top + pane * 1.5; y < height - pane * 2; y += pane * 2.4) {
    for (let column = 0; column < 3; column += 1) {
      if (random() < 0.4) outline += rectangle(x + pane * (1 + column * 2), y, pane, pane * 1.3);
    }
  }
  return outline === '' ? '' : filled(outline, paint(easel, 3), 0.8);
}

/** Bands that flow from one side to the other. */
function ribbons(easel: Easel): string {
  const { width, height, random } = easel;
  const bands = 9;
  const lean = between(random, -0.25, 0.25) * height;
  return Array.from({ length: bands }, (_, band) => {
    const level = (band / bands) * height * 1.1 + between(random, -0.02, 0.02) * height;
    const points = crest(easel, level, 0.06 * height).map(([x, y]): Point => [x, y + (x / width - 0.5) * lean]);
    return filled(hill(points, height), paint(easel, band + Math.floor(random() * 2)));
  }).join('');
}
