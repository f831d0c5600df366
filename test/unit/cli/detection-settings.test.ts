import { describe, expect, it } from 'vitest';
import { incidentSettings } from '../../../src/cli/detection-settings.ts';
import { DEFAULT_MINIMUM_CERTAINTY } from '../../../src/incident/decision.ts';
import { DEFAULT_SEVERITY_POLICY } from '../../../src/incident/severity-policy.ts';
import { parseConfig } from '../../../src/platform/load-config.ts';

const settingsOf = (incident: object) => incidentSettings(parseConfig({ incident }, '/srv'));

describe('what the configuration means for incidents', () => {
  it('is by default what the state machine takes for default', () => {
    const { severity, decide, quietMs } = settingsOf({});
    expect(quietMs).toBe(30_000);
    expect(severity).toEqual(DEFAULT_SEVERITY_POLICY);
    expect(decide?.(1, DEFAULT_MINIMUM_CERTAINTY)).toBe('alert');
    expect(decide?.(1, DEFAULT_MINIMUM_CERTAINTY - 0.01)).toBe('review');
  });

  it('has a site’s own levels over the built-in ones, hours in minutes and times in milliseconds', () => {
    const { severity } = settingsOf({
      severity: {
        kinds: [{ kind: 'bicycle', level: 'critical' }],
        hours: [{ from: '22:30', to: '06:05', raise: -1 }],
        timeZone: 'Europe/Berlin',
        longSeconds: 10,
        veryLongSeconds: 20,
        highExcess: 3,
      },
    });
    expect(severity?.kinds).toMatchObject({ bicycle: 'critical', vehicle: 'high' });
    expect(severity).toMatchObject({
      hours: [{ fromMinute: 1_350, toMinute: 365, raise: -1 }],
      timeZone: 'Europe/Berlin',
      longMs: 10_000,
      veryLongMs: 20_000,
      highExcess: 3,
    });
  });

  it('never asks for review where no certainty is demanded', () => {
    expect(settingsOf({ minimumCertainty: 0 }).decide?.(1, 0)).toBe('alert');
  });
});
