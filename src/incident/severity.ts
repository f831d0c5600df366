export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * How grave an incident looks from the outside of the picture: the score says how improbable it is, the policy how
 * much that matters. Plain numbers, so that a site can have its own.
 */
export interface SeverityPolicy {
  /** Excess from which each level holds: a multiple of the sequential rule's alarm threshold. */
  readonly mediumExcess: number;
  readonly highExcess: number;
  readonly criticalExcess: number;
  /** An incident that lasts as long is raised by one level, or by two. */
  readonly longMs: number;
  readonly veryLongMs: number;
}

/**
 * At the threshold itself an incident is low: on a well calibrated camera that is one false alert in a budget's time.
 * The rule holds its statistic down to 1.25 times the threshold, so that alone makes it medium; for more, a single
 * segment must be as improbable as the threshold demands of several together, or the incident must last.
 */
export const DEFAULT_SEVERITY_POLICY: SeverityPolicy = {
  mediumExcess: 1.2,
  highExcess: 2,
  criticalExcess: 3,
  longMs: 30_000,
  veryLongMs: 120_000,
};

/**
 * @param excess the highest so far of the sequential statistic, and of one segment's surprise, over the alarm threshold; at
 *   least 0
 * @param durationMs from the estimated onset to the last anomalous segment
 */
export function severityOf(
  { excess, durationMs }: { readonly excess: number; readonly durationMs: number },
  policy: SeverityPolicy = DEFAULT_SEVERITY_POLICY,
): Severity {
  let level = 0;
  if (excess >= policy.criticalExcess) level = 3;
  else if (excess >= policy.highExcess) level = 2;
  else if (excess >= policy.mediumExcess) level = 1;
  if (durationMs >= policy.longMs) level++;
  if (durationMs >= policy.veryLongMs) level++;
  return SEVERITIES[Math.min(level, SEVERITIES.length - 1)] ?? 'critical';
}

/** The graver of the two. */
export function graver(one: Severity, other: Severity): Severity {
  return SEVERITIES.indexOf(one) >= SEVERITIES.indexOf(other) ? one : other;
}
