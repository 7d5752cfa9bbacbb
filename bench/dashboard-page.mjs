const [WIDTH, HEIGHT] = [430, 150];
const COLOURS = ['#4e9a5b', '#3b7dd8', '#d9822b', '#a74ac7', '#c94f4f', '#3aa6a6', '#8a8a35', '#7a6fd0'];
const MOST_NAMES = 8;

/** A page with a small chart for each panel. */
export function drawPage(panels, { seconds }) {
  return `<!doctype html><meta charset="utf-8"><style>
    body { font: 12px 'DejaVu Sans', sans-serif; background: #f4f5f7; color: #222; margin: 16px }
    h1 { font-size: 18px; margin: 0 } p { margin: 4px 0 12px; color: #555 }
    main { display: grid; grid-template-columns: repeat(3, 1fr); gap: 10px }
    section { background: #fff; border: 1px solid #ddd; border-radius: 4px; padding: 8px }
    h2 { font-size: 13px; margin: 0 0 4px } text { font-size: 10px; fill: #666 }
    ul { margin: 4px 0 0; padding: 0; list-style: none; line-height: 1.5 } li { display: inline; margin-right: 10px }
    i { display: inline-block; width: 9px; height: 9px; margin-right: 4px; border-radius: 2px }
  </style>
  <h1>image-gateway</h1>
  <p>The panels of deploy/grafana/image-gateway.json, drawn by bench/dashboard.mjs and not by Grafana: their own queries, answered by
  Prometheus, which scraped a real gateway every 2 s for ${seconds} s in front of the sandbox (simulated pictures, trouble made on purpose).</p>
  <main>${panels.map(draw).join('')}</main>`;
}

function draw({ title, unit, series }) {
  const shown = series.filter(({ points }) => points.length > 0);
  const names = shown
    .slice(0, MOST_NAMES)
    .map(({ name }, n) => `<li><i style="background:${colour(n)}"></i>${escape(name || 'value')}</li>`);
  const more = shown.length > MOST_NAMES ? `<li>and ${shown.length - MOST_NAMES} more</li>` : '';
  return `<section><h2>${escape(title)}</h2>${chart(shown, unit)}<ul>${names.join('')}${more}</ul></section>`;
}

function chart(series, unit) {
  const all = series.flatMap(({ points }) => points);
  if (all.length === 0)
    return `<svg width="100%" viewBox="0 0 ${WIDTH} ${HEIGHT}"><text x="170" y="75">no data</text></svg>`;
  const [left, right, top, bottom] = [62, WIDTH - 6, 8, HEIGHT - 8];
  const [first, last] = [Math.min(...all.map(([at]) => at)), Math.max(...all.map(([at]) => at))];
  const most = Math.max(...all.map(([, value]) => value)) || 1;
  const x = (at) => left + ((at - first) / (last - first || 1)) * (right - left);
  const y = (value) => bottom - (value / most) * (bottom - top);
  const grid = [0, 0.5, 1].map(
    (part) =>
      `<line x1="${left}" x2="${right}" y1="${y(part * most)}" y2="${y(part * most)}" stroke="#e4e4e4"/>` +
      `<text x="${left - 4}" y="${y(part * most) + 4}" text-anchor="end">${amount(part * most, unit)}</text>`,
  );
  const lines = series.map(({ points }, n) => {
    const path = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colour(n)}" stroke-width="1.5"/>`;
  });
  return `<svg width="100%" viewBox="0 0 ${WIDTH} ${HEIGHT}">${grid.join('')}${lines.join('')}</svg>`;
}

const colour = (n) => COLOURS[n % COLOURS.length];

function amount(value, unit) {
  if (unit === 'bytes') return value >= 1e6 ? `${(value / 1e6).toFixed(0)} MB` : `${(value / 1e3).toFixed(0)} kB`;
  const digits = value === 0 || value >= 10 ? 0 : 2;
  if (unit === 's') return value < 1 && value > 0 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(digits)} s`;
  const text = value.toFixed(digits);
  if (unit === 'reqps') return `${text} /s`;
  return unit === 'currencyUSD' ? `$${text}` : text;
}

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
