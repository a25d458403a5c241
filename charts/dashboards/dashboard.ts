/** One graph: what it shows, in which unit, by which queries (legend → PromQL). */
export type Panel = {
  title: string;
  unit: 'short' | 'reqps' | 'ms' | 's' | 'percentunit' | 'bytes' | 'dtdurations';
  queries: Readonly<Record<string, string>>;
  kind?: 'timeseries' | 'stat';
};

export type Dashboard = {
  uid: string;
  title: string;
  /** Label that the reader picks values of, and a metric that has it. */
  variable?: { name: string; metric: string };
  panels: readonly Panel[];
};

const columns = 3;
const width = 24 / columns;
const height = 8;

/** A dashboard as Grafana imports it; the data source is the reader's choice. */
export function grafanaJson({ uid, title, variable, panels }: Dashboard): object {
  const datasource = { type: 'prometheus', uid: '$datasource' };
  return {
    uid,
    title,
    tags: ['outrigger', 'dapr'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' },
        ...(variable === undefined
          ? []
          : [
              {
                name: variable.name,
                type: 'query',
                label: variable.name,
                datasource,
                query: `label_values(${variable.metric}, ${variable.name})`,
                refresh: 2,
                multi: true,
                includeAll: true,
                allValue: '.*',
              },
            ]),
      ],
    },
    panels: panels.map((panel, index) => ({
      id: index + 1,
      title: panel.title,
      type: panel.kind ?? 'timeseries',
      datasource,
      gridPos: { x: (index % columns) * width, y: Math.floor(index / columns) * height, w: width, h: height },
      fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
      targets: Object.entries(panel.queries).map(([legendFormat, expr], target) => ({
        refId: String.fromCharCode(65 + target),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
}
