/** Outlines in SVG's path language, and the elements that fill them. Paths alone, as Recraft's vector models draw. */

export type Point = readonly [number, number];

/** One decimal of a pixel is more than an eye sees, and keeps the files small. */
export function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function filled(outline: string, colour: string, opacity = 1): string {
  const seeThrough = opacity < 1 ? ` fill-opacity="${Math.round(opacity * 100) / 100}"` : '';
  return `<path fill="${colour}"${seeThrough} d="${outline}"/>`;
}

export function polygon(points: readonly Point[]): string {
  return `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')}z`;
}

export function rectangle(x: number, y: number, width: number, height: number): string {
  return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
}

export function circle(x: number, y: number, radius: number): string {
  const r = round(radius);
  return `M${round(x - radius)} ${round(y)}a${r} ${r} 0 1 1 ${round(2 * radius)} 0a${r} ${r} 0 1 1 ${round(-2 * radius)} 0z`;
}

/** A circle without its middle. */
export function ring(x: number, y: number, outer: number, inner: number): string {
  const r = round(inner);
  const hole = `M${round(x - inner)} ${round(y)}a${r} ${r} 0 1 0 ${round(2 * inner)} 0a${r} ${r} 0 1 0 ${round(-2 * inner)} 0z`;
  return circle(x, y, outer) + hole;
}

/** The quarter of a circle about one corner of a square; `turn` 0 to 3 says which corner. */
export function quarter(x: number, y: number, side: number, turn: number): string {
  const s = side;
  const corners: readonly [Point, Point, Point][] = [
    [
      [0, 0],
      [s, 0],
      [0, s],
    ],
    [
      [s, 0],
      [s, s],
      [0, 0],
    ],
    [
      [s, s],
      [0, s],
      [s, 0],
    ],
    [
      [0, s],
      [0, 0],
      [s, s],
    ],
  ];
  const [centre, from, to] = corners[turn % 4] ??
    corners[0] ?? [
      [0, 0],
      [s, 0],
      [0, s],
    ];
  const at = ([px, py]: Point): string => `${round(x + px)} ${round(y + py)}`;
  return `M${at(centre)}L${at(from)}A${round(s)} ${round(s)} 0 0 1 ${at(to)}z`;
}

export function roundedRectangle(x: number, y: number, width: number, height: number, radius: number): string {
  const r = round(radius);
  const across = round(width - 2 * radius);
  const down = round(height - 2 * radius);
  return (
    `M${round(x + radius)} ${round(y)}h${across}a${r} ${r} 0 0 1 ${r} ${r}v${down}a${r} ${r} 0 0 1 -${r} ${r}` +
    `h-${across}a${r} ${r} 0 0 1 -${r} -${r}v-${down}a${r} ${r} 0 0 1 ${r} -${r}z`
  );
}

/** A soft line through points of equal distance, closed along the bottom edge. */
export function hill(points: readonly Point[], bottom: number): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let outline = `M${round(first[0])} ${round(bottom)}L${round(first[0])} ${round(first[1])}`;
  let [fromX, fromY] = first;
  for (const [x, y] of rest) {
    const middle = round((fromX + x) / 2);
    outline += `C${middle} ${round(fromY)} ${middle} ${round(y)} ${round(x)} ${round(y)}`;
    [fromX, fromY] = [x, y];
  }
  return `${outline}L${round(fromX)} ${round(bottom)}z`;
}
