import type { IncidentChange } from '../incident/incident.ts';
import { toRfc3339 } from '../platform/clock.ts';
import { deterministicId } from '../platform/ids.ts';
import type { NewEvent } from '../store/events.ts';
import type { IncidentState } from '../store/incidents.ts';

export interface AlertSource {
  readonly id: string;
  readonly name: string;
}

/** Score curve that the link shows: this much before the onset and after the last anomalous moment. */
const TIMELINE_MARGIN_MS = 30_000;

/**
 * The alert of an incident's change: what webhooks carry and the live stream shows. Its id follows from the incident
 * and its revision, so that a replay after a crash is the same alert. An incident that was for review and became certain is
 * told as opened: for most endpoints that is the first they hear of it. Links are paths where `publicUrl` is empty.
 */
export function incidentEvent(
  change: IncidentChange['type'],
  incident: IncidentState,
  camera: AlertSource,
  publicUrl: string,
): NewEvent {
  const type = change === 'promoted' ? 'opened' : change;
  const base = publicUrl.replace(/\/+$/, '');
  const self = `${base}/v1/incidents/${incident.id}`;
  const from = toRfc3339(incident.onsetMs - TIMELINE_MARGIN_MS);
  const to = toRfc3339(incident.closedMs ?? incident.lastAnomalousMs + TIMELINE_MARGIN_MS);
  const happenedMs = momentOf(change, incident);
  const body = {
    type: `incident.${type}`,
    timestamp: toRfc3339(happenedMs),
    data: {
      incident: {
        id: incident.id,
        camera: { id: camera.id, name: camera.name },
        state: incident.state,
        decision: incident.decision,
        certainty: incident.certainty,
        severity: incident.severity,
        kind: incident.kind,
        title: incident.title,
        object: incident.object,
        onset: toRfc3339(incident.onsetMs),
        opened: toRfc3339(incident.openedMs),
        closed: incident.closedMs === null ? null : toRfc3339(incident.closedMs),
        peakScore: incident.peakScore,
        explanation: incident.explanation,
        cues: incident.peakCues.map(({ name, probability, cell, box, label, comparison }) => ({
          name,
          probability,
          cell,
          box: box ?? null,
          label: label ?? null,
          comparison: comparison ?? null,
        })),
        nearestNormal: incident.nearestNormal.map(({ atMs, distance }) => ({ at: toRfc3339(atMs), distance })),
        links: {
          self,
          clip: `${self}/clip.mp4`,
          snapshot: `${self}/snapshot.jpg`,
          ...(incident.heat ? { heatmap: `${self}/heatmap.jpg` } : {}),
          timeline: `${base}/v1/cameras/${camera.id}/scores?from=${from}&to=${to}`,
        },
      },
    },
  };
  return {
    id: deterministicId('msg', incident.id, type, incident.revision),
    type: `incident.${type}`,
    cameraId: camera.id,
    incidentId: incident.id,
    body: JSON.stringify(body),
    createdMs: happenedMs,
    ...(incident.decision === 'review' ? { forReview: true } : {}),
  };
}

function momentOf(type: IncidentChange['type'], incident: IncidentState): number {
  if (type === 'opened') return incident.openedMs;
  return type === 'closed' ? (incident.closedMs ?? incident.lastAnomalousMs) : incident.lastAnomalousMs;
}
