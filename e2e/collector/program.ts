import { goProgram } from '../go-program.ts';

/** The OpenTelemetry Collector of the version in go.mod. */
export const collectorProgram = (): Promise<string> =>
  goProgram('otel-collector', import.meta.dirname, '.', 'go.opentelemetry.io/collector/receiver/otlpreceiver');
