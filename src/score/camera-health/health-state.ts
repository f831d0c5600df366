/** How the camera itself is. `moved`: it looks at something else than it used to. */
export const HEALTH_STATES = ['ok', 'frozen', 'blank', 'covered', 'defocused', 'moved'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

/** What passes in a moment and is no fault: the light, the infrared filter, a cut to another picture. */
export type HealthTransient = 'lighting-step' | 'ir-switch' | 'scene-cut';

export interface HealthChange {
  readonly state: HealthState;
  readonly previousState: HealthState;
  /** UTC ms at which it began, a few seconds before it was sure. */
  readonly sinceMs: number;
  /** UTC ms of the end of the segment that settled it. */
  readonly atMs: number;
}

/** What one segment says. */
export interface HealthStep {
  readonly state: HealthState;
  /** UTC ms since which the state holds. */
  readonly sinceMs: number;
  /** Nothing this segment shows may raise an incident: the camera is unhealthy, might be, or its light has just changed. */
  readonly hold: boolean;
  readonly change: HealthChange | null;
  /** Named once, at its end. */
  readonly transient: HealthTransient | null;
}

/** A change of state is believed after so many seconds. */
export const SETTLE_SECONDS: Readonly<Record<HealthState, number>> = {
  ok: 3,
  blank: 3,
  covered: 3,
  frozen: 5,
  moved: 6,
  defocused: 6,
};
