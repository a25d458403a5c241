import type { Curve } from './result.ts';

const width = 460;
const height = 220;
const margin = { left: 56, right: 96, top: 16, bottom: 34 };
const colours: Readonly<Record<string, string>> = { outrigger: '#2a7f62', daprd: '#4a6fa5' };

/** A curve as an SVG picture: sizes in steps of their own, figures from zero. */
export function curvePicture({ x, unit, points }: Curve): string {
  const sizes = [...new Set(Object.values(points).flatMap((line) => line.map(([size]) => size)))].sort((a, b) => a - b);
  const most = Math.max(...Object.values(points).flatMap((line) => line.map(([, figure]) => figure))) || 1;
  const at = (size: number): number =>
    margin.left + (sizes.indexOf(size) / Math.max(1, sizes.length - 1)) * (width - margin.left - margin.right);
  const up = (figure: number): number =>
    height - margin.bottom - (figure / most) * (height - margin.top - margin.bottom);
  const lines = Object.entries(points).map(([subject, line]) => {
    const colour = colours[subject] ?? '#777';
    const path = line.map(([size, figure]) => `${at(size).toFixed(1)},${up(figure).toFixed(1)}`).join(' ');
    const [size, figure] = line.at(-1)!;
    const dots = line.map(
      ([s, f]) => `<circle cx="${at(s).toFixed(1)}" cy="${up(f).toFixed(1)}" r="3" fill="${colour}"/>`,
    );
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}
<text x="${at(size) + 8}" y="${up(figure) + 4}" fill="${colour}">${subject} ${round(figure)}</text>`;
  });
  const ticks = sizes.map(
    (size) => `<text x="${at(size)}" y="${height - 16}" text-anchor="middle">${size.toLocaleString('en')}</text>`,
  );
  return `<svg width="${width}" height="${height}" role="img" font-size="11">
<line x1="${margin.left}" x2="${width - margin.right}" y1="${up(0)}" y2="${up(0)}" stroke="#999"/>
<line x1="${margin.left}" x2="${margin.left}" y1="${up(0)}" y2="${up(most)}" stroke="#999"/>
<text x="${margin.left - 6}" y="${up(most) + 4}" text-anchor="end">${round(most)}</text>
<text x="${margin.left - 6}" y="${up(0) + 4}" text-anchor="end">0</text>
<text x="${margin.left}" y="${height - 2}">${x}; ${unit}</text>
${ticks.join('')}${lines.join('')}</svg>`;
}

const round = (figure: number): string => (figure >= 100 ? figure.toFixed(0) : figure.toFixed(1));
