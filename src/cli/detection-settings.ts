import { decideByCertainty } from '../incident/decision.ts';
import type { IncidentSettings } from '../incident/incident-tracker.ts';
import { DEFAULT_SEVERITY_POLICY, type SeverityPolicy } from '../incident/severity-policy.ts';
import type { Config } from '../platform/config-schema.ts';

/** What the configuration means for incidents, the same in the live service and in an evaluation. */
export function incidentSettings(config: Config): IncidentSettings {
  return { quietMs: config.incident.quietSeconds * 1_000, ...incidentPolicy(config) };
}

/** What an alarm leads to, and how grave incidents are; zones are each camera's own. */
export function incidentPolicy(config: Config): Required<Pick<IncidentSettings, 'decide' | 'severity'>> {
  return { decide: decideByCertainty(config.incident.minimumCertainty), severity: severityPolicy(config) };
}

function severityPolicy({ incident }: Config): SeverityPolicy {
  const { kinds, timeZone, hours, longSeconds, veryLongSeconds, highExcess } = incident.severity;
  return {
    ...DEFAULT_SEVERITY_POLICY,
    kinds: {
      ...DEFAULT_SEVERITY_POLICY.kinds,
      ...Object.fromEntries(kinds.map(({ kind, level }) => [kind, level])),
    },
    timeZone,
    hours: hours.map(({ from, to, raise }) => ({ fromMinute: minutesOf(from), toMinute: minutesOf(to), raise })),
    longMs: longSeconds * 1_000,
    veryLongMs: veryLongSeconds * 1_000,
    highExcess,
  };
}

/** Of `HH:MM`, which the schema has checked. */
function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
