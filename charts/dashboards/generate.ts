/**
 * Writes the Grafana dashboards of the chart.
 * Usage: npm run gen:dashboards
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { controlPlane } from './control-plane.ts';
import { grafanaJson } from './dashboard.ts';
import { sidecars } from './sidecars.ts';

const folder = path.resolve(import.meta.dirname, '../outrigger/files/dashboards');
mkdirSync(folder, { recursive: true });
for (const dashboard of [sidecars, controlPlane]) {
  writeFileSync(path.join(folder, `${dashboard.uid}.json`), `${JSON.stringify(grafanaJson(dashboard), null, 2)}\n`);
}
