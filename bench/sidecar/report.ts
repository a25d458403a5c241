import { curvePicture } from './curves.ts';
import { keeps, type Result, type Row } from './result.ts';
import { boundText, figureText, subjectsOf, verdict } from './table.ts';

const colours = { kept: '#2a7f62', missed: '#b3402e', none: '#4a6fa5' };
const width = 300;
/** Bars end here, in ratios: what is better or worse by more than that is written, not drawn. */
const mostDrawn = 4;

const style = `
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2.5rem auto; max-width: 78rem; padding: 0 1.5rem; color: #1d2b27; background: #fbfcfb; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p.facts { color: #5d6b66; margin: .3rem 0; } p.verdict { font-size: 1.05rem; }
table { border-collapse: collapse; width: 100%; background: #fff; }
th { color: #5d6b66; font-weight: 600; text-align: left; border-bottom: 2px solid #d9e0dd; }
td, th { padding: .32rem .7rem; } tr + tr td { border-top: 1px solid #eef2f0; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.kept { color: ${colours.kept}; } .MISSED { color: ${colours.missed}; font-weight: 600; }
figure { display: inline-block; margin: .5rem .6rem .5rem 0; padding: .8rem; background: #fff; border: 1px solid #e4eae7; border-radius: 6px; }
figcaption { font-weight: 600; margin-bottom: .4rem; } svg { vertical-align: middle; }`;

/** The result as one HTML page, bounds first, which needs nothing else. */
export function report(result: Result): string {
  const facts = Object.entries(result.machine).map(([name, value]) => `${name} ${value}`);
  const bound = result.rows.filter((row) => row.limit !== undefined && row.ratio !== undefined);
  const compared = result.rows.filter((row) => row.ratio !== undefined && row.limit === undefined);
  const kept = bound.filter((row) => keeps(row)).length;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Outrigger measured</title>
<style>${style}</style>
<h1>Outrigger measured</h1>
<p class="facts">${escaped(result.at)} · ${escaped(facts.join(' · '))}</p>
${bound.length > 0 ? `<p class="verdict">${kept} of ${bound.length} bounds are kept.</p>` : ''}
<p class="facts">Medians of alternating rounds. A bar is our figure by the other’s; the dashed line is 1, the red one the bound.</p>
${ratios('Bounds', bound)}
${ratios('Without a bound', compared)}
${growth(result)}
<h2>Figures</h2>
${figures(result.rows)}
</html>
`;
}

function ratios(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const head = '<tr><th>what<th class="n">ratio<th><th class="n">bound<th></tr>';
  return `<h2>${title}</h2><table>${head}\n${rows.map(line).join('\n')}</table>`;
}

function line(row: Row): string {
  const cells = [
    `<td>${escaped(row.name)}`,
    `<td class="n">${row.ratio!.toFixed(2)} × ${escaped(row.against ?? '')}`,
    `<td>${bar(row)}`,
    `<td class="n">${boundText(row)}`,
    `<td class="${verdict(row)}">${verdict(row)}`,
  ];
  return `<tr>${cells.join('')}</tr>`;
}

function bar(row: Row): string {
  const kept = keeps(row);
  const colour = kept === undefined ? colours.none : kept ? colours.kept : colours.missed;
  const at = (ratio: number): string => ((Math.min(ratio, mostDrawn) / mostDrawn) * width).toFixed(1);
  const mark = (ratio: number, look: string): string => `<line x1="${at(ratio)}" x2="${at(ratio)}" y2="14" ${look}/>`;
  const limit = row.limit === undefined ? undefined : Object.values(row.limit)[0];
  return `<svg width="${width}" height="14" role="img"><rect width="${at(row.ratio!)}" y="2" height="10" rx="2" fill="${colour}"/>${mark(1, 'stroke="#5d6b66" stroke-dasharray="2"')}${limit === undefined ? '' : mark(limit, `stroke="${colours.missed}" stroke-width="2"`)}</svg>`;
}

function growth({ curves }: Result): string {
  if (curves.length === 0) return '';
  const pictures = curves.map(
    (curve) =>
      `<figure><figcaption>${escaped(`${curve.name}, by ${curve.x}`)}</figcaption>${curvePicture(curve)}</figure>`,
  );
  return `<h2>Growth</h2>\n${pictures.join('\n')}`;
}

function figures(rows: readonly Row[]): string {
  const subjects = subjectsOf(rows);
  const heads = subjects.map((subject) => `<th class="n">${escaped(subject)}`).join('');
  const lines = rows.map(({ name, unit, subjects: of }) => {
    const cells = subjects.map((subject) => `<td class="n">${figureText(of[subject])}`).join('');
    return `<tr><td>${escaped(name)}${cells}<td>${unit}</tr>`;
  });
  return `<table><tr><th>median (least–most)${heads}<th>unit</tr>\n${lines.join('\n')}</table>`;
}

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]!);
