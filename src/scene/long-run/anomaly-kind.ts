import type { Anomaly } from '../scene-script.ts';

/** What may happen that does not belong: the short scenes' anomalies, and three that need hours of normal life to be seen as such. */
export type LongAnomalyKind = Anomaly['kind'] | 'fall' | 'intruder' | 'wrong-way';
