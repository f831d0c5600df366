import { problem } from '../../platform/errors.ts';
import type { ProviderName } from './provider-name.ts';
import { whyRefused } from './provider-refusal.ts';

export type { ProviderName } from './provider-name.ts';

/** What became of one ONNX Runtime execution provider when a pack was opened. */
export interface ProviderReport {
  readonly packId: string;
  readonly provider: ProviderName;
  readonly state: 'chosen' | 'refused' | 'untried';
  /** Why it was refused. */
  readonly reason: string | null;
}

/**
 * Tries the providers one by one, because ONNX Runtime throws for the whole list when the first cannot load.
 * Throws VDT_PROVIDER_UNAVAILABLE with every reason when none works.
 */
export async function openWithFirstProvider<Session>(
  packId: string,
  providers: readonly ProviderName[],
  open: (provider: ProviderName) => Promise<Session>,
  explain: (provider: ProviderName, thrown: unknown) => Promise<string> = whyRefused,
): Promise<{
  readonly session: Session;
  readonly provider: ProviderName;
  readonly reports: readonly ProviderReport[];
}> {
  const reports: ProviderReport[] = [];
  for (const [index, provider] of providers.entries()) {
    try {
      const session = await open(provider);
      reports.push({ packId, provider, state: 'chosen', reason: null });
      for (const rest of providers.slice(index + 1)) {
        reports.push({ packId, provider: rest, state: 'untried', reason: null });
      }
      return { session, provider, reports };
    } catch (error) {
      reports.push({ packId, provider, state: 'refused', reason: await explain(provider, error) });
    }
  }
  throw problem('VDT_PROVIDER_UNAVAILABLE', {
    reason: reports.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ') || 'none is configured',
  });
}
