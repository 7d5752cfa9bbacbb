import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { NOTABLE_FOREIGN_CORE } from './measure.mjs';

/** Between which a page keeps figures of one kind. */
const markersOf = (name) => ({ begin: `<!-- ${name}: begin -->`, end: `<!-- ${name}: end -->` });
const SUBJECT = 'gateway';

const COLUMNS = [
  { title: 'req/s', figure: 'requestsPerSecond' },
  { title: 'p50 ms', figure: 'p50Ms' },
  { title: 'p99 ms', figure: 'p99Ms' },
  { title: 'CPU ms/req', figure: 'cpuMs' },
  { title: 'peak MB', figure: 'peakMb' },
  { title: 'core used', figure: 'coreShare' },
];

/** Undefined for an empty list. */
function median(values) {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** The undisturbed ones, or all where there are none. */
function preferCalm(samples) {
  const calm = samples.filter(({ disturbed }) => !disturbed);
  return calm.length > 0 ? calm : samples;
}

/** The valid runs of the benchmark, and what they say. A disturbed run counts only where there is no other. */
export class Results {
  #runs = [];

  /** `run`: round, names of scenario and target, and the figures of measure(). */
  add(run) {
    this.#runs.push(run);
  }

  #of(scenario, target) {
    return this.#runs.filter((run) => run.scenario === scenario.name && run.target === target.name);
  }

  has(scenario, target) {
    return this.#of(scenario, target).length > 0;
  }

  median(scenario, target, figure) {
    return median(preferCalm(this.#of(scenario, target)).map((run) => run[figure]));
  }

  /**
   * Median of the ratios of requests a second inside each round, so that a slow phase of the machine cancels out.
   * `calm` is false where other work took part in every one of them.
   */
  ratio(scenario, target, other) {
    const others = new Map(this.#of(scenario, other).map((run) => [run.round, run]));
    const pairs = this.#of(scenario, target)
      .filter((run) => others.has(run.round))
      .map((run) => ({
        value: run.requestsPerSecond / others.get(run.round).requestsPerSecond,
        disturbed: run.disturbed || others.get(run.round).disturbed,
      }));
    return { value: median(preferCalm(pairs).map(({ value }) => value)), calm: pairs.some((pair) => !pair.disturbed) };
  }

  get rounds() {
    return new Set(this.#runs.map((run) => run.round)).size;
  }

  /** How many runs shared a core with other work, of how many. */
  get disturbance() {
    return { disturbed: this.#runs.filter((run) => run.disturbed).length, runs: this.#runs.length };
  }
}

/**
 * Each goal of the scenarios that were run, with what was measured; `measured` is undefined where a side is missing.
 * A goal counts as reached only where calm runs say so.
 */
export function judge(results, scenarios, targets) {
  const byName = new Map(targets.map((target) => [target.name, target]));
  const subject = byName.get(SUBJECT);
  if (!subject) return [];
  return scenarios.flatMap((scenario) =>
    Object.entries(scenario.goals)
      .filter(([name]) => byName.has(name))
      .map(([name, atLeast]) => {
        const { value: measured, calm } = results.ratio(scenario, subject, byName.get(name));
        return { scenario, other: byName.get(name), atLeast, measured, calm, met: calm && measured >= atLeast };
      }),
  );
}

/** Three significant digits, and no fraction for what is larger. */
function number(value) {
  if (value === undefined) return 'none';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 1 ? value.toPrecision(3) : value.toFixed(3);
}

/** A Markdown table that is readable as it stands: columns as wide as their widest cell. */
function table(rows, numbersFrom) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const isNumber = (column) => column >= numbersFrom;
  const line = (row) =>
    `| ${row.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) => (isNumber(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(rows[0]), `| ${rule.join(' | ')} |`, ...rows.slice(1).map(line)].join('\n');
}

function figuresTable(results, scenarios, targets) {
  const references = targets.filter((target) => target.name !== SUBJECT);
  const header = [
    'Case',
    'Target',
    ...COLUMNS.map(({ title }) => title),
    ...references.map(({ title }) => `x ${title}`),
  ];
  const rows = scenarios.flatMap((scenario) =>
    targets
      .filter((target) => results.has(scenario, target))
      .map((target) => [
        scenario.title,
        target.title,
        ...COLUMNS.map(({ figure }) => number(results.median(scenario, target, figure))),
        ...references.map((other) => number(results.ratio(scenario, target, other).value)),
      ]),
  );
  return table([header, ...rows], 2);
}

function reached({ measured, calm, met }) {
  if (measured === undefined) return 'not measured';
  if (!calm) return 'unsure, disturbed';
  return met ? 'yes' : 'no';
}

function goalsTable(verdicts) {
  const rows = verdicts.map(({ scenario, other, atLeast, measured, calm, met }) => [
    scenario.title,
    other.title,
    reached({ measured, calm, met }),
    `${atLeast.toFixed(2)}`,
    number(measured),
  ]);
  return table([['Case', 'Compared with', 'Reached', 'Goal', 'Measured'], ...rows], 3);
}

/** The results as Markdown: conditions, figures, goals. `absent` names what could not be measured, and why. */
export function describe({ results, scenarios, targets, verdicts, seconds, wrkVersion, absent }) {
  const { disturbed, runs } = results.disturbance;
  const conditions = [
    `Node ${process.versions.node}, ${wrkVersion}, ${availableParallelism()} cores, ${process.platform} ${process.arch}.`,
    `Rounds: ${results.rounds}, of ${seconds} s each; medians.`,
    `Other work took ${NOTABLE_FOREIGN_CORE * 100} % or more of a core in ${disturbed} of ${runs} runs; such runs count only where there is no other.`,
  ].join(' ');
  const unmeasured = scenarios.flatMap((scenario) =>
    targets
      .filter((target) => !results.has(scenario, target))
      .map((target) => `${scenario.title}, ${target.title}: no valid run.`),
  );
  const parts = [conditions, figuresTable(results, scenarios, targets), ...unmeasured, ...absent];
  if (verdicts.length > 0) parts.push(goalsTable(verdicts));
  return parts.join('\n\n');
}

/** What goodput.mjs measured, as Markdown. */
export function describeGoodput(results, loop, seconds) {
  const percent = (share) => `${Math.round(share * 1000) / 10} %`;
  const rows = results.map(({ name, asked, served, errorShare, slotsUsed, refusedByRecraft, otherErrors, lagMs }) => [
    name,
    ...[asked, served].map((count) => count.toLocaleString('en')),
    percent(errorShare),
    percent(slotsUsed),
    ...[refusedByRecraft, otherErrors].map((count) => count.toLocaleString('en')),
    lagMs.toFixed(0),
  ]);
  const header = ['Set-up', 'Asked', 'Served', 'Error share', 'Slots used', '429 of Recraft', 'Other errors', 'Lag ms'];
  return [
    `Node ${process.versions.node}, ${availableParallelism()} cores, ${process.platform} ${process.arch}; runs of ${seconds} s.`,
    table([header, ...rows], 1),
    `Event loop with ${loop.waiting} requests waiting and ${loop.inFlight} in flight: ${loop.p99Ms.toFixed(1)} ms at p99 (goal: below 20).`,
  ].join('\n\n');
}

/** Puts the results between the markers of a Markdown file; throws where it has none. */
export async function writeInto(file, text, name = 'results') {
  const page = await readFile(file, 'utf8');
  const markers = markersOf(name);
  const [begin, end] = [page.indexOf(markers.begin), page.indexOf(markers.end)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no "${markers.begin}" before "${markers.end}".`);
  await writeFile(file, `${page.slice(0, begin + markers.begin.length)}\n\n${text}\n\n${page.slice(end)}`);
}
