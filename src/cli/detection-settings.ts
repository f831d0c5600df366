import type { IncidentSettings } from '../incident/incident-tracker.ts';
import type { Config } from '../platform/config-schema.ts';

/** What the configuration means for incidents, the same in the live service and in an evaluation. */
export function incidentSettings(config: Config): IncidentSettings {
  return { quietMs: config.incident.quietSeconds * 1_000 };
}

/** Segments that a camera watches before it alerts. */
export function requiredSegments(learningMinutes: number, segmentSeconds: number): number {
  return Math.max(1, Math.ceil((learningMinutes * 60) / segmentSeconds));
}
