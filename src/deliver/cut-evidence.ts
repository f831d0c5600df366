import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type EvidenceName, evidenceKey } from '../media/evidence-key.ts';
import type { EvidenceStore } from '../media/evidence-store.ts';
import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { redactSecrets } from '../platform/redact.ts';
import type { ClipCutter } from './clip-cutter.ts';
import { type ClipSettings, type ClipWindow, clipWindow } from './clip-window.ts';
import { type HeatMap, heatMapOf } from './heat-picture.ts';
import { orNull } from './or-null.ts';
import type { ChunkIndex, ClipIncident, EvidenceKind, IncidentEvidence, RecordedChunk } from './ports.ts';
import type { ProbedChunk } from './probe-chunk.ts';

export interface CutDependencies {
  readonly incidents: IncidentEvidence;
  readonly chunks: ChunkIndex;
  readonly media: EvidenceStore;
  readonly cutter: ClipCutter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'clips'>;
  readonly settings: ClipSettings;
  /** The data folder: relative chunk paths start here. */
  readonly dataDir: string;
  /** Where half-made files lie; best on the file system of the evidence. */
  readonly workDir: string;
  readonly stopping: AbortSignal;
}

export type CutVerdict = { readonly state: 'done' } | { readonly state: 'later'; readonly atMs: number };

const DONE: CutVerdict = { state: 'done' };
const LOOK_AGAIN_MS = 2_000;
const TRY_AGAIN_MS = 10_000;
const NO_HEAT = 'the models of this camera say nothing about where in the picture it was';
/** A chunk that ends this little before the wanted moment holds its last frame all the same. */
const FRAME_TOLERANCE_MS = 500;

/**
 * Makes the evidence of an incident as far as it can be made now. While it is open: the snapshot at its peak and a
 * clip up to now, whose state stays `pending`. Once it is closed: the final clip and snapshot. If the recording does not
 * reach that far yet the job comes back; after `patienceMs` it makes do with what is recorded. The heat map goes with the snapshot.
 * Doing it twice does no harm. The incident's present state decides, not the job.
 */
export async function cutEvidence(incidentId: string, parts: CutDependencies): Promise<CutVerdict> {
  const incident = await orNull(parts.incidents.get(incidentId));
  if (!incident) return DONE;
  const { clip, snapshot, heatmap } = incident;
  const isFinal = incident.state === 'closed';
  const wantsClip = clip.state === 'pending' && (isFinal || clip.path === null);
  // the peak may have moved since the first snapshot: with the final clip comes a final snapshot
  const wantsSnapshot = snapshot.state === 'pending' || (snapshot.state === 'ready' && isFinal && wantsClip);
  const heat = heatMapOf(incident);
  const wantsHeatMap = heatmap.state === 'pending' || (heatmap.state === 'ready' && isFinal && wantsClip);
  // without a map yet: a later peak may still bring one
  if (wantsHeatMap && !heat && isFinal) {
    await parts.incidents.setEvidence(incidentId, 'heatmap', { state: 'failed', reason: NO_HEAT });
  }
  const drawsHeatMap = wantsHeatMap && heat !== null;
  if (!wantsClip && !wantsSnapshot && !drawsHeatMap) return DONE;

  const nowMs = parts.clock.nowMs();
  const window = clipWindow(incident, nowMs, parts.settings);
  const chunks = await parts.chunks.covering(incident.cameraId, window.fromMs, window.toMs);
  // an open incident's clip goes as far as the recording does; it need only show the peak
  const neededMs = isFinal ? window.toMs : Math.min(incident.peakMs, window.toMs);
  const deadlineMs =
    (isFinal ? Math.max(incident.closedMs ?? 0, window.toMs) : incident.openedMs) + parts.settings.patienceMs;
  const reached = chunks.some((chunk) => chunk.endMs + FRAME_TOLERANCE_MS >= neededMs);
  if (!reached && nowMs < deadlineMs) return { state: 'later', atMs: Math.min(nowMs + LOOK_AGAIN_MS, deadlineMs) };

  // a full disk or a killed ffmpeg may pass; a time of which nothing was recorded will not come back
  const giveUpMs = deadlineMs + (chunks.length === 0 ? 0 : parts.settings.patienceMs);
  await mkdir(parts.workDir, { recursive: true });
  const folder = await mkdtemp(join(parts.workDir, 'cut-'));
  try {
    const probed = await parts.cutter.probe(chunks.map((chunk) => located(chunk, parts.dataDir)));
    const work: CutWork = { incident, isFinal, isLastTry: nowMs >= giveUpMs, window, probed, folder };
    const picture = once(() => parts.cutter.cutSnapshot(probed, incident.peakMs, folder));
    // the heat map is drawn first, for the evidence store takes the snapshot's file away
    const hasHeatMap = !drawsHeatMap || (await makeHeatMap(work, parts, heat, picture));
    const hasSnapshot = !wantsSnapshot || (await makePiece(work, parts, 'snapshot', 'snapshot.jpg', 'ready', picture));
    const hasClip = !wantsClip || (await makeClip(work, parts));
    if ((hasSnapshot && hasHeatMap && hasClip) || work.isLastTry) return DONE;
    return { state: 'later', atMs: Math.min(nowMs + TRY_AGAIN_MS, giveUpMs) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface CutWork {
  readonly incident: ClipIncident;
  readonly isFinal: boolean;
  readonly isLastTry: boolean;
  readonly window: ClipWindow;
  readonly probed: readonly ProbedChunk[];
  readonly folder: string;
}

async function makeHeatMap(
  work: CutWork,
  parts: CutDependencies,
  heat: HeatMap,
  picture: () => Promise<string>,
): Promise<boolean> {
  return makePiece(work, parts, 'heatmap', 'heatmap.jpg', 'ready', async () =>
    parts.cutter.drawHeatMap(await picture(), heat, work.folder),
  );
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

async function makeClip(work: CutWork, parts: CutDependencies): Promise<boolean> {
  const cut = () => parts.cutter.cutClip(work.probed, work.window, work.incident.peakMs, work.folder);
  if (!work.isFinal) return makePiece(work, parts, 'clip', 'clip-so-far.mp4', 'pending', cut);
  const made = await makePiece(work, parts, 'clip', 'clip.mp4', 'ready', cut);
  if (made) await parts.media.remove(evidenceKey(work.incident.id, 'clip-so-far.mp4'));
  return made;
}

/** Cuts, stores, then tells the database: a reader who is told of a piece finds it. False if it could not be made. */
async function makePiece(
  work: CutWork,
  parts: CutDependencies,
  kind: EvidenceKind,
  name: EvidenceName,
  state: 'pending' | 'ready',
  cut: () => Promise<string>,
): Promise<boolean> {
  const { incident, isFinal, isLastTry } = work;
  const fields = { incident: incident.id, camera: incident.cameraId, kind, final: isFinal };
  const key = evidenceKey(incident.id, name);
  let bytes: number;
  try {
    bytes = (await parts.media.put(key, { file: await cut() })).sizeBytes;
  } catch (thrown) {
    if (parts.stopping.aborted) throw thrown; // says nothing about the recording; the next process does it
    const reason = redactSecrets(reasonOf(thrown));
    parts.logger.warn({ ...fields, lastTry: isLastTry, reason }, 'evidence.failed');
    // an open incident has its second chance at the close; what was made before stays
    if (isFinal && isLastTry && incident[kind].state === 'pending') {
      await parts.incidents.setEvidence(incident.id, kind, { state: 'failed', reason });
      parts.metrics.clips.inc({ kind, outcome: 'failed' });
    }
    return false;
  }
  await parts.incidents.setEvidence(incident.id, kind, { state, path: key, bytes });
  parts.metrics.clips.inc({ kind, outcome: isFinal ? 'final' : 'preliminary' });
  parts.logger.info({ ...fields, bytes }, 'evidence.ready');
  return true;
}

function located(chunk: RecordedChunk, dataDir: string): RecordedChunk {
  return { ...chunk, path: resolve(dataDir, chunk.path) };
}
