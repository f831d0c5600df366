import type { KeepStore, KeptChunk, NewEvent, PendingIncident } from '../../../src/keep/ports.ts';

/** What `keep` sees of the database, in arrays. */
export class MemoryStore implements KeepStore {
  chunkRows: KeptChunk[] = [];
  cameraIds = new Set(['gate']);
  pending: PendingIncident[] = [];
  due: string[] = [];
  scoreTimesMs: number[] = [];
  incidentTimesMs = new Map<string, number>();
  eventTimesMs: number[] = [];
  appended: NewEvent[] = [];
  values = new Map<string, unknown>();
  askedDueMs: number[] = [];
  failing = false;

  readonly deliveries = {
    due: async (nowMs: number, limit: number) => {
      if (this.failing) throw new Error('the database is away');
      this.askedDueMs.push(nowMs);
      return this.due.slice(0, limit);
    },
  };
  readonly incidents = {
    pendingEvidence: async (limit: number) => this.pending.slice(0, limit),
    deleteBefore: async (beforeMs: number, limit: number) => {
      const ids = [...this.incidentTimesMs].filter(([, ms]) => ms < beforeMs).map(([id]) => id);
      for (const id of ids.slice(0, limit)) this.incidentTimesMs.delete(id);
      return ids.slice(0, limit);
    },
    existing: async (ids: readonly string[]) => new Set(ids.filter((id) => this.incidentTimesMs.has(id))),
  };
  readonly scores = {
    deleteBefore: async (beforeMs: number, limit: number) => {
      const doomed = this.scoreTimesMs.filter((ms) => ms < beforeMs).slice(0, limit);
      this.scoreTimesMs = this.scoreTimesMs.filter((ms) => !doomed.includes(ms));
      return doomed.length;
    },
    deleteOrphans: async () => 0,
  };
  readonly events = {
    append: async (event: NewEvent) => {
      if (this.appended.some((known) => known.id === event.id)) return { events: [], deliveryIds: [] };
      this.appended.push(event);
      return { events: [{ sequence: this.appended.length }], deliveryIds: ['dlv_1'] };
    },
    deleteBefore: async (beforeMs: number, limit: number) => {
      const doomed = this.eventTimesMs.filter((ms) => ms < beforeMs).slice(0, limit);
      this.eventTimesMs = this.eventTimesMs.filter((ms) => !doomed.includes(ms));
      return doomed.length;
    },
  };
  readonly chunks = {
    oldest: async (limit: number) => [...this.chunkRows].sort((a, b) => a.startMs - b.startMs).slice(0, limit),
    orphans: async (limit: number) => this.chunkRows.filter((row) => !this.cameraIds.has(row.cameraId)).slice(0, limit),
    remove: async (paths: readonly string[]) => {
      this.chunkRows = this.chunkRows.filter((row) => !paths.includes(row.path));
    },
    totalBytes: async () => this.chunkRows.reduce((sum, row) => sum + row.sizeBytes, 0),
  };
  readonly settings = {
    get: async (key: string) => this.values.get(key) ?? null,
    put: async (key: string, value: unknown) => {
      this.values.set(key, value);
    },
    remove: async (key: string) => {
      this.values.delete(key);
    },
  };
}
