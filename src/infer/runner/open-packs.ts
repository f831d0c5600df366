import { problem, VedetteError } from '../../platform/errors.ts';
import type { CameraPacks } from './camera-line.ts';
import { DetectorSession } from './detector/detector-session.ts';
import { EmbeddingSession } from './embedding-session.ts';
import { HeadSession } from './head-session.ts';
import { type RefusedPack, type RunnerSettings, toPlainError } from './protocol.ts';
import type { ProviderReport } from './provider-chain.ts';
import { openSession, PackSession } from './session.ts';
import { TextSession } from './text/text-session.ts';

type Session = PackSession | DetectorSession | EmbeddingSession | HeadSession;

/** A batch of a learned pack is as large as fits into this time, so that no other pack waits longer. */
const LEARNED_BATCH_MS = 500;
/** Share of the newest run in what is known of a pack's speed. */
const SPEED_SHARE = 0.3;

/** The sessions of a runner, by pack. */
export class OpenPacks {
  readonly #settings: RunnerSettings;
  readonly #sessions: ReadonlyMap<string, Session>;
  readonly #texts = new Map<string, Promise<TextSession>>();
  /** Time of one segment, ms, of packs that have run. */
  readonly #segmentMs = new Map<string, number>();

  /** Packs that could not be opened and are not required. */
  readonly refused: readonly RefusedPack[];

  private constructor(
    settings: RunnerSettings,
    sessions: ReadonlyMap<string, Session>,
    refused: readonly RefusedPack[],
  ) {
    this.#settings = settings;
    this.#sessions = sessions;
    this.refused = refused;
  }

  /** Throws as `openSession` where one that is required cannot be opened. */
  static async open(settings: RunnerSettings): Promise<OpenPacks> {
    const sessions = new Map<string, Session>();
    const refused: RefusedPack[] = [];
    for (const pack of settings.packs) {
      const { id } = pack.manifest;
      try {
        sessions.set(id, await openSession(pack, settings));
      } catch (error) {
        const required = settings.required?.includes(id) ?? true;
        if (required || !(error instanceof VedetteError)) throw error;
        refused.push({ packId: id, error: toPlainError(error) });
      }
    }
    return new OpenPacks(settings, sessions, refused);
  }

  get reports(): readonly ProviderReport[] {
    return [...this.#sessions.values()].flatMap(({ reports }) => reports);
  }

  get detectors(): readonly DetectorSession[] {
    return [...this.#sessions.values()].filter((session) => session instanceof DetectorSession);
  }

  get(packId: string): Session | null {
    return this.#sessions.get(packId) ?? null;
  }

  /** @param packIds `PackPlan.ids`. Throws VDT_RUNNER_FAILED where one is not open, or none is a base. */
  ofCamera(packIds: readonly string[]): CameraPacks {
    const sessions = packIds.map((id) => this.#sessions.get(id) ?? this.#refuse(id));
    const [base = this.#refuse('of a base')] = sessions.filter((session) => session instanceof PackSession);
    return {
      base,
      detector: sessions.find((session) => session instanceof DetectorSession) ?? null,
      learned: sessions.filter((session) => session instanceof EmbeddingSession),
      heads: sessions.filter((session) => session instanceof HeadSession),
    };
  }

  /** Most segments in the next run of a pack; a learned pack's first run shows how long one takes. */
  batchSizeOf(packId: string): number {
    const session = this.#sessions.get(packId);
    const provider = session?.reports.find(({ state }) => state === 'chosen')?.provider;
    const tuned = provider && this.#settings.tuning?.[packId]?.[provider]?.batchSize;
    const most = tuned ?? this.#settings.batchSize;
    if (!(session instanceof EmbeddingSession)) return most;
    const segmentMs = this.#segmentMs.get(packId);
    return segmentMs === undefined ? 1 : Math.max(1, Math.min(most, Math.floor(LEARNED_BATCH_MS / segmentMs)));
  }

  /** So many segments went through a pack in this time. */
  noteRun(packId: string, size: number, runMs: number): void {
    const known = this.#segmentMs.get(packId);
    const segmentMs = runMs / size;
    this.#segmentMs.set(packId, known === undefined ? segmentMs : known + SPEED_SHARE * (segmentMs - known));
  }

  /** The text tower of a pack: large and seldom needed, so it is opened when first asked for. */
  text(packId: string): Promise<TextSession> {
    const known = this.#texts.get(packId);
    if (known) return known;
    const session = this.#sessions.get(packId) ?? this.#refuse(packId);
    const opened = TextSession.open(session.pack, this.#settings);
    this.#texts.set(packId, opened);
    opened.catch(() => this.#texts.delete(packId));
    return opened;
  }

  #refuse(packId: string): never {
    const known = [...this.#sessions.keys()].join(', ');
    throw problem('VDT_RUNNER_FAILED', { reason: `the pack ${packId} is not loaded (${known} are)` });
  }
}
