import type { ClipSampling, Sampling } from '../../bus/sampling.ts';
import { problem } from '../../platform/errors.ts';
import type { AttentionRule } from '../../score/attention.ts';
import type { HeadManifest } from './head-manifest.ts';
import type { PackManifest } from './pack-manifest.ts';
import { clipSamplingOf, isEmbedding, type PictureManifest, samplingOf, stillSizeOf } from './picture-manifest.ts';

/** The pack that looks at every camera, named or not: the camera's own health is read from it. */
export const BASE_PACK = 'motion-grid';

export interface GatedPack {
  readonly packId: string;
  readonly rule: AttentionRule;
}

/** How the packs of one camera work together. */
export interface PackPlan {
  /** Describes each segment cell by cell; its frames are the segment's. */
  readonly base: PictureManifest;
  /** Whether the base's cues count: it was named, or nothing was. */
  readonly normality: boolean;
  readonly detector: PictureManifest | null;
  /** Extractors that describe a segment by one vector: those named, and those that heads read. */
  readonly learned: readonly PictureManifest[];
  readonly heads: readonly HeadManifest[];
  /** Learned packs that look only where motion is surprised, by `runWhen`; none where no motion cue counts. */
  readonly cascade: readonly GatedPack[];
  /** Ids of all these in the order of work: base, detector, learned, heads. */
  readonly ids: readonly string[];
  /** Name of what is learned with them: the ids of the named packs, in the order of work, joined with `+`. */
  readonly key: string;
  readonly sampling: Sampling;
}

/**
 * Plans with the packs that a camera names. The base is added where none is named, and each head's extractor; both are looked up in
 * `known`. One decode serves all. Of several detectors, or several bases of one kind of input, the first is used.
 * @param known packs that may be added, by id; the named ones count too
 * Throws VDT_PACKS_UNUSABLE (no base, a pack twice, a head without its extractor or with one of other size or version),
 * VDT_PACKS_DIFFER (packs that ask for different frames).
 */
export function planPacks(
  named: readonly PackManifest[],
  known: ReadonlyMap<string, PackManifest> = new Map(),
): PackPlan {
  const namedIds = named.map(({ id }) => id);
  const refuse = (reason: string) => problem('VDT_PACKS_UNUSABLE', { packs: namedIds.join(', ') || 'none', reason });
  const twice = namedIds.find((id, index) => namedIds.indexOf(id) !== index);
  if (twice !== undefined) throw refuse(`${twice} is named twice`);
  const find = (id: string) => named.find((manifest) => manifest.id === id) ?? known.get(id);

  const pictures = named.filter((manifest) => manifest.kind !== 'head');
  const heads = named.filter((manifest) => manifest.kind === 'head');
  const grids = pictures.filter((manifest) => manifest.kind === 'extractor' && !isEmbedding(manifest));
  const base = grids[0] ?? baseOf(find(BASE_PACK));
  if (!base) throw refuse(`there is no extractor among them, and ${BASE_PACK} is not here to be added`);
  const sampling = samplingOf(base);
  const odd = grids.find((other) => !sameSampling(samplingOf(other), sampling));
  if (odd) throw problem('VDT_PACKS_DIFFER', { one: base.id, other: odd.id });

  const learned = pictures.filter(isEmbedding);
  for (const head of heads) {
    const extractor = learned.find(({ id }) => id === head.extractor) ?? find(head.extractor);
    const reason = faultOfPair(head, extractor);
    if (reason !== null || !extractor || extractor.kind === 'head')
      throw refuse(reason ?? 'a head reads no other head');
    if (!learned.includes(extractor)) learned.push(extractor);
  }
  for (const extractor of learned) {
    const own = extractor.input.source !== 'clip';
    if (own && !sameSampling(samplingOf(extractor), sampling)) {
      throw problem('VDT_PACKS_DIFFER', { one: base.id, other: extractor.id });
    }
  }

  const detector = pictures.find(({ kind }) => kind === 'detector') ?? null;
  const still = detector && stillSizeOf(detector);
  if (detector && (!still || still.width < sampling.width || still.height < sampling.height)) {
    throw problem('VDT_PACKS_DIFFER', { one: base.id, other: detector.id });
  }
  const clip = joinedClip(learned.flatMap((extractor) => clipSamplingOf(extractor) ?? []));
  if ((clip || still) && sampling.pixelFormat !== 'gray8') {
    const other = detector ?? learned.find(({ input }) => input.source === 'clip');
    throw problem('VDT_PACKS_DIFFER', { one: base.id, other: other?.id ?? '' });
  }

  const order = [base, ...(detector ? [detector] : []), ...learned, ...heads];
  const ids = order.map(({ id }) => id);
  const normality = grids.length > 0 || named.length === 0;
  return {
    base,
    normality,
    detector,
    learned,
    heads,
    cascade: normality ? learned.flatMap(({ id, runWhen }) => (runWhen ? [{ packId: id, rule: runWhen }] : [])) : [],
    ids,
    key: packsKey(named.length === 0 ? [base.id] : ids.filter((id) => namedIds.includes(id))),
    sampling: { ...sampling, ...(still ? { still } : {}), ...(clip ? { clip } : {}) },
  };
}

/** A plan with those of a camera's packs that are here, as live cameras are watched with. */
export interface UsablePlan {
  /** Null where none of the named packs can be used. */
  readonly plan: PackPlan | null;
  /** Named packs that are not used, because they, or the extractor that they read, are not here. */
  readonly missing: readonly string[];
}

/**
 * Leaves out of a camera's packs what is not here (a detector whose weights were not pulled), so that the rest goes on working.
 * @param here packs whose files are all there, by id
 * Throws as `planPacks`.
 */
export function planUsable(packIds: readonly string[], here: ReadonlyMap<string, PackManifest>): UsablePlan {
  const used: PackManifest[] = [];
  const missing: string[] = [];
  for (const id of packIds) {
    const manifest = here.get(id);
    if (!manifest || (manifest.kind === 'head' && !here.has(manifest.extractor))) missing.push(id);
    else used.push(manifest);
  }
  return { plan: packIds.length > 0 && used.length === 0 ? null : planPacks(used, here), missing };
}

/** Name of what is learned with packs, in the order of their work. */
export function packsKey(ids: readonly string[]): string {
  return ids.join('+');
}

/** The packs that `planPacks` has to add to those named: what to look up before. */
export function companionsOf(named: readonly PackManifest[]): readonly string[] {
  const wanted = new Set(named.flatMap((manifest) => (manifest.kind === 'head' ? [manifest.extractor] : [])));
  if (!named.some(baseOf)) wanted.add(BASE_PACK);
  return [...wanted].filter((id) => !named.some((manifest) => manifest.id === id));
}

function baseOf(manifest: PackManifest | undefined): PictureManifest | null {
  return manifest && manifest.kind === 'extractor' && !isEmbedding(manifest) ? manifest : null;
}

/** Why a head cannot read an extractor; null where it can. */
function faultOfPair(head: HeadManifest, extractor: PackManifest | undefined): string | null {
  const needs = `${head.id} needs the extractor ${head.extractor} ${head.extractorVersion}`;
  if (!extractor) return `${needs}, which is not installed`;
  if (extractor.kind === 'head' || !isEmbedding(extractor)) {
    return `${needs}, but ${extractor.id} gives no descriptor of a whole segment`;
  }
  if (extractor.version !== head.extractorVersion) return `${needs}, but version ${extractor.version} is installed`;
  const [dims = 0] = extractor.output.dims;
  return dims === head.features.dims ? null : `${needs} with ${head.features.dims} numbers, but it gives ${dims}`;
}

function sameSampling(one: Sampling, other: Sampling): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The highest rate, the longest stretch and the largest size that any of the packs asks for. */
function joinedClip(clips: readonly ClipSampling[]): ClipSampling | null {
  if (clips.length === 0) return null;
  const framesPerSecond = Math.max(...clips.map((clip) => clip.framesPerSecond));
  // n pictures span n - 1 steps; what rounding adds is not to add a picture
  const steps = Math.max(...clips.map((clip) => ((clip.frames - 1) * framesPerSecond) / clip.framesPerSecond));
  return {
    framesPerSecond,
    frames: Math.ceil(steps - 1e-6) + 1,
    width: Math.max(...clips.map((clip) => clip.width)),
    height: Math.max(...clips.map((clip) => clip.height)),
  };
}
