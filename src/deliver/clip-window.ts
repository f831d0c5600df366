import type { ClipIncident } from './ports.ts';

export interface ClipSettings {
  readonly preRollMs: number;
  readonly postRollMs: number;
  readonly maxClipMs: number;
  /** How long after the wanted end a chunk may still come in before the clip is cut from what there is. */
  readonly patienceMs: number;
}

export interface ClipWindow {
  /** UTC ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Where the peak lies in a clip that had to be shortened: most of it shows what led there. */
const PEAK_POSITION = 2 / 3;

/**
 * The stretch that the clip of an incident shows: from before the onset to after the last anomalous moment (an open
 * incident: up to now), at most `maxClipMs`. If it must be shortened it keeps the onset as long as the peak fits, else it
 * stays around the peak.
 */
export function clipWindow(incident: ClipIncident, nowMs: number, settings: ClipSettings): ClipWindow {
  const fromMs = incident.onsetMs - settings.preRollMs;
  const lastMs = Math.max(incident.lastAnomalousMs, incident.peakMs);
  const toMs = Math.max(incident.state === 'open' ? nowMs : lastMs + settings.postRollMs, fromMs + 1);
  if (toMs - fromMs <= settings.maxClipMs) return { fromMs, toMs };
  const fromOnset = { fromMs, toMs: fromMs + settings.maxClipMs };
  const peakFits = incident.peakMs + Math.min(settings.postRollMs, settings.maxClipMs / 4) <= fromOnset.toMs;
  if (peakFits) return fromOnset;
  const aroundMs = Math.min(incident.peakMs - settings.maxClipMs * PEAK_POSITION, toMs - settings.maxClipMs);
  return { fromMs: Math.round(aroundMs), toMs: Math.round(aroundMs + settings.maxClipMs) };
}
