import type { IncidentSettings } from '../incident/incident.ts';
import type { ProviderName } from './runner/provider-chain.ts';

export interface InferSettings {
  /** Folder of packs; the built-in one where left out. */
  readonly packDirectory?: string | undefined;
  /** Folder of what `models pull` fetched. */
  readonly pulledDirectory?: string;
  /** Packs that must be usable for the role to start. */
  readonly defaultPacks: readonly string[];
  readonly providers: readonly ProviderName[];
  readonly batchSize: number;
  readonly batchWaitMs: number;
  /** Threads inside one run; 0: all cores but one, at least one. */
  readonly threads: number;
  /** A runner silent for this long is killed and replaced. */
  readonly deadlineMs: number;
  /** For cameras that have no `learningMinutes` of their own. */
  readonly learningMinutes: number;
  /** False: packs look at every segment, whatever their `runWhen` says. Default true. */
  readonly cascade?: boolean;
  /** An incident closes after so long without anything anomalous. */
  readonly quietMs: number;
  /** What an alarm leads to, and how grave incidents are; the tracker's defaults where left out. Zones are the cameras' own. */
  readonly incidentPolicy?: Pick<IncidentSettings, 'decide' | 'severity'>;
  /** Video after the last anomalous moment in a clip: how long to wait before it is cut. */
  readonly postRollMs: number;
  /** How links in alerts begin; paths where empty. */
  readonly publicUrl?: string | undefined;
  /** A lease runs out after this long without renewal. Default 9 s. */
  readonly leaseTtlMs?: number;
  /** How often cameras are looked up without a notice. Default 2 s. */
  readonly refreshMs?: number;
  /** Segments of one camera between being read and being committed. Default 8. */
  readonly inFlightPerCamera?: number;
}
