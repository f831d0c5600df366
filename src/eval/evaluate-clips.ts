import { type ClipsDataset, NORMAL_LABEL } from './dataset.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import { frameDifferenceScorer } from './frame-difference.ts';
import type { ClipScorer, LivePath, PackIdentity } from './live-path.ts';
import { bootstrapByVideo, seededRandom } from './metrics/bootstrap.ts';
import { rocAuc, rocAucOfTally } from './metrics/roc-auc.ts';
import type { ScoredVideo } from './metrics/score-tally.ts';
import { mapInOrder } from './ordered-pipeline.ts';
import { type Figure, type FigureInterval, Notes } from './printable.ts';
import type { EvaluatedClip } from './report/evidence.ts';
import { trainingNotes } from './training-notes.ts';

/** What `vedette eval` prints for clips. */
export interface ClipsReport {
  readonly kind: 'clips';
  readonly name: string;
  readonly packs: readonly PackIdentity[];
  /** Sampled frames decoded, extracted and scored per second of wall time. */
  readonly framesPerSecond: number;
  /** One score a clip, the highest of its segments, against its label. */
  readonly auc: Figure;
  /** Share of clips on the right side of the deployed threshold. */
  readonly accuracy: Figure;
  readonly panel: {
    readonly clips: number;
    readonly anomalousClips: number;
    readonly groups: number;
    readonly scorer: string;
    readonly threshold: Figure;
    /** 95 %, by resampling groups (sources), for clips of one source are alike. */
    readonly aucInterval: FigureInterval;
    /** AUC of the mean frame difference alone: what any trained head must beat. */
    readonly frameDifferenceAuc: Figure;
  };
  readonly notes: readonly string[];
}

const LOOKAHEAD = 8;

/** Runs short clips of unknown cameras through decoding, sampling and extraction, and scores each by its highest segment. */
export async function evaluateClips(
  dataset: ClipsDataset,
  { path, clock, onProgress, onEvidence }: EvaluateOptions,
): Promise<ClipsReport> {
  const notes = new Notes();
  const scorer = path.clipScorer ?? frameDifferenceScorer;
  if (scorer === frameDifferenceScorer)
    notes.add(
      'the packs have no head that scores a clip of an unknown camera (a normality head would have to learn that camera first); the clips were scored by frame difference alone',
    );
  else for (const note of trainingNotes(dataset.name, path.packs)) notes.add(note);
  for (const note of scorer.notes ?? []) notes.add(note);
  const beginMs = clock.monotonicMs();
  let frames = 0;
  let unjudged = 0;
  const framesPerSecond = () => frames / Math.max(1e-3, (clock.monotonicMs() - beginMs) / 1000);
  const scored: EvaluatedClip[] = [];
  for (const [index, clip] of dataset.clips.entries()) {
    const { segments, ...result } = await scoreClip(clip.file, index, path, scorer, (count) => {
      frames += count;
    });
    if (result.score === Number.NEGATIVE_INFINITY && segments > 0) unjudged += 1;
    if (segments === 0) notes.add(`${clip.name} is shorter than one segment; it scores below all others`);
    scored.push({
      ...result,
      name: clip.name,
      label: clip.label === NORMAL_LABEL ? 0 : 1,
      group: clip.group ?? clip.name,
    });
    onProgress?.({
      done: index + 1,
      total: dataset.clips.length,
      phase: 'testing',
      file: clip.file,
      framesPerSecond: framesPerSecond(),
    });
  }
  if (unjudged > 0)
    notes.add(
      `${scorer.name} judged nothing in ${unjudged} of ${dataset.clips.length} clips; they score below all others`,
    );
  onEvidence?.({ kind: 'clips', clips: scored });
  return reportClips(dataset.name, path.packs, scorer, scored, framesPerSecond(), notes);
}

async function scoreClip(
  file: string,
  index: number,
  path: LivePath,
  scorer: ClipScorer,
  countFrames: (frames: number) => void,
): Promise<{ readonly score: number; readonly control: number; readonly segments: number }> {
  const clip = scorer.startClip();
  const controlClip = frameDifferenceScorer.startClip();
  let score = Number.NEGATIVE_INFINITY;
  let control = Number.NEGATIVE_INFINITY;
  let segments = 0;
  // Every clip is a camera of its own: none may learn from another.
  const recording = path.openRecording({ file, cameraId: `clip-${index}`, epoch: Date.UTC(2024, 0, 1) });
  const pairs = mapInOrder(recording, LOOKAHEAD, async (segment) => ({
    segment,
    features: scorer === frameDifferenceScorer ? null : await path.extract(segment),
  }));
  for await (const { segment, features } of pairs) {
    score = Math.max(score, clip.observe(segment, features));
    control = Math.max(control, controlClip.observe(segment, null));
    countFrames(segment.mediaTimesSeconds.length);
    segments += 1;
  }
  return { score, control, segments };
}

function reportClips(
  name: string,
  packs: readonly PackIdentity[],
  scorer: ClipScorer,
  scored: readonly EvaluatedClip[],
  framesPerSecond: number,
  notes: Notes,
): ClipsReport {
  const labels = scored.map((clip) => clip.label);
  const oneClass = 'the clips are all of one label';
  const { threshold } = scorer;
  const right = scored.filter((clip) => threshold !== null && (clip.score >= threshold ? 1 : 0) === clip.label).length;
  const groups = groupsOf(scored);
  const interval = bootstrapByVideo(groups, rocAucOfTally, { random: seededRandom(1) });
  const auc = (scores: readonly number[]) => rocAuc(scores, labels);
  return {
    kind: 'clips',
    name,
    packs: packs.map(({ id, version }) => ({ id, version })),
    framesPerSecond,
    auc: notes.figure('auc', auc(scored.map((clip) => clip.score)), oneClass),
    accuracy: notes.figure(
      'accuracy',
      threshold === null ? Number.NaN : right / scored.length,
      `${scorer.name} has no deployed threshold`,
    ),
    panel: {
      clips: scored.length,
      anomalousClips: labels.filter((label) => label === 1).length,
      groups: groups.length,
      scorer: scorer.name,
      threshold,
      aucInterval: {
        low: notes.figure('panel.aucInterval', interval.low, oneClass),
        high: notes.figure('panel.aucInterval', interval.high, oneClass),
      },
      frameDifferenceAuc: notes.figure('panel.frameDifferenceAuc', auc(scored.map((clip) => clip.control)), oneClass),
    },
    notes: notes.list,
  };
}

/** Clips by their source. */
function groupsOf(scored: readonly EvaluatedClip[]): ScoredVideo[] {
  const groups = new Map<string, EvaluatedClip[]>();
  for (const clip of scored) groups.set(clip.group, [...(groups.get(clip.group) ?? []), clip]);
  return [...groups].map(([name, clips]) => ({
    name,
    scores: clips.map((clip) => clip.score),
    labels: clips.map((clip) => clip.label),
  }));
}
