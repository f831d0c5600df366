import { ApiKeyRepository } from './api-keys.ts';
import { CameraReferenceRepository } from './camera-references.ts';
import { CameraStateRepository } from './camera-states.ts';
import { CameraRepository } from './cameras.ts';
import { ChunkRepository } from './chunks.ts';
import { commitScores, type ScoreCommit, type ScoreCommitted } from './commit-scores.ts';
import type { StoreContext } from './context.ts';
import { DefinitionRepository } from './definitions.ts';
import { DeliveryRepository } from './deliveries.ts';
import { EndpointRepository } from './endpoints.ts';
import { EventRepository } from './events.ts';
import { IncidentRepository } from './incidents.ts';
import { ReviewRepository } from './reviews.ts';
import { ScoreRepository } from './scores.ts';
import { SettingsRepository } from './settings.ts';

/** The database behind its repositories, one an aggregate. Made by `openStore`. */
export class Store {
  readonly dialect: 'pglite' | 'postgres';
  readonly cameras: CameraRepository;
  readonly scores: ScoreRepository;
  readonly incidents: IncidentRepository;
  readonly chunks: ChunkRepository;
  readonly events: EventRepository;
  readonly deliveries: DeliveryRepository;
  readonly endpoints: EndpointRepository;
  readonly reviews: ReviewRepository;
  readonly references: CameraReferenceRepository;
  readonly definitions: DefinitionRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly states: CameraStateRepository;
  readonly settings: SettingsRepository;
  readonly #context: StoreContext;
  readonly #close: () => Promise<void>;
  #closing: Promise<void> | null = null;

  constructor(dialect: 'pglite' | 'postgres', context: StoreContext, close: () => Promise<void>) {
    this.dialect = dialect;
    this.cameras = new CameraRepository(context);
    this.scores = new ScoreRepository(context);
    this.incidents = new IncidentRepository(context);
    this.chunks = new ChunkRepository(context);
    this.events = new EventRepository(context);
    this.deliveries = new DeliveryRepository(context);
    this.endpoints = new EndpointRepository(context);
    this.reviews = new ReviewRepository(context);
    this.references = new CameraReferenceRepository(context);
    this.definitions = new DefinitionRepository(context);
    this.apiKeys = new ApiKeyRepository(context);
    this.states = new CameraStateRepository(context);
    this.settings = new SettingsRepository(context);
    this.#context = context;
    this.#close = close;
  }

  /** The one transaction of scoring; see `commit-scores.ts`. */
  commitScores(commit: ScoreCommit): Promise<ScoreCommitted> {
    return commitScores(this.#context, commit);
  }

  /** Proves that the database takes writes, by one. VDT_UNAVAILABLE. */
  async check(): Promise<void> {
    await this.settings.put('store.checked', this.#context.clock.nowMs());
  }

  /** Waits for what is under way. Again is no error. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }
}
