import { curvePicture } from './curves.ts';
import { keeps, type Result, type Row } from './result.ts';
import { boundText } from './table.ts';

const colours = { kept: '#2a7f62', missed: '#b3402e', none: '#4a6fa5' };
const width = 420;

/** The result as one HTML page with a bar for each ratio, which needs nothing else. */
export function report(result: Result): string {
  const facts = Object.entries(result.machine).map(([name, value]) => `${name} ${value}`);
  const compared = result.rows.filter((row) => row.ratio !== undefined);
  const most = Math.max(1, ...compared.map((row) => row.ratio!));
  return `<!doctype html>
<meta charset="utf-8"><title>Outrigger measured</title>
<style>body{font:14px system-ui;margin:2em;max-width:70em}td,th{padding:.2em .6em;text-align:left}td.n{text-align:right}figure{display:inline-block;margin:.5em 1em}</style>
<h1>Outrigger measured</h1>
<p>${escaped(`${result.at} · ${facts.join(' · ')}`)}</p>
<p>Medians of alternating rounds, with the least and the most. A bar is our figure by the other's; the line is 1.</p>
<table><tr><th>what<th>ratio<th><th>bound</tr>
${compared.map((row) => line(row, most)).join('\n')}
</table>
<h2>Growth</h2>
${result.curves.map((curve) => `<figure><figcaption>${escaped(curve.name)}</figcaption>${curvePicture(curve)}</figure>`).join('\n')}
<h2>Figures</h2>
<table><tr><th>what<th>unit<th>subject<th>median<th>least<th>most</tr>
${result.rows.map(figures).join('\n')}
</table>
`;
}

function line(row: Row, most: number): string {
  const kept = keeps(row);
  const colour = kept === undefined ? colours.none : kept ? colours.kept : colours.missed;
  const scale = width / most;
  const bar = `<svg width="${width}" height="16" role="img"><rect width="${(row.ratio! * scale).toFixed(1)}" height="16" fill="${colour}"/><line x1="${scale.toFixed(1)}" x2="${scale.toFixed(1)}" y2="16" stroke="#222" stroke-dasharray="3"/></svg>`;
  return `<tr><td>${escaped(row.name)}<td class="n">${row.ratio!.toFixed(2)} × ${escaped(row.against ?? '')}<td>${bar}<td>${boundText(row)}</tr>`;
}

const figures = (row: Row): string =>
  Object.entries(row.subjects)
    .map(([subject, { median, min, max }]) => {
      const numbers = [median, min, max].map((number) => `<td class="n">${number.toFixed(1)}`).join('');
      return `<tr><td>${escaped(row.name)}<td>${row.unit}<td>${escaped(subject)}${numbers}</tr>`;
    })
    .join('\n');

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]!);
