import type { PackRegistry } from '../infer/packs/pack-registry.ts';
import { PROVIDERS, type ProviderName } from '../infer/runner/provider-name.ts';
import type { Config } from '../platform/config-schema.ts';
import { reasonOf, VedetteError } from '../platform/errors.ts';
import { createLogger } from '../platform/logger.ts';
import { recordingRunner } from './extraction.ts';

/** What became of one execution provider when the smallest pack was opened with it alone. */
export interface ProviderTrial {
  readonly provider: ProviderName;
  /** Stands in `infer.providers`. */
  readonly wanted: boolean;
  readonly works: boolean;
  /** Why it does not work; null where it does. */
  readonly reason: string | null;
  /** What to do where it is wanted; null where it works. */
  readonly remedy: string | null;
}

/** The pack that every installation has. */
const TRIAL_PACK = 'motion-grid';

const REMEDIES: Readonly<Record<ProviderName, string>> = {
  tensorrt: 'needs what cuda needs, and the libraries of TensorRT 10 (libnvinfer10, libnvonnxparsers10)',
  cuda: 'use the image of docker/Dockerfile.gpu; or "ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node" on Linux x64 with CUDA 12, cuDNN 9 and a driver of 525 or later',
  webgpu: 'needs a GPU with a Vulkan driver (Debian: libvulkan1 and mesa-vulkan-drivers, or the maker’s own)',
  cpu: 'run scripts/setup.sh again',
};

/**
 * Opens the smallest pack with each provider by itself, wanted or not, each in a runner process of its own: a driver that
 * takes its process down takes nothing else. Throws VDT_PACK_… where that pack is not there.
 */
export async function tryProviders(config: Config, registry: PackRegistry): Promise<readonly ProviderTrial[]> {
  const pack = await registry.load(TRIAL_PACK);
  const trials: ProviderTrial[] = [];
  for (const provider of PROVIDERS) {
    const wanted = config.infer.providers.includes(provider);
    const alone = { ...config, infer: { ...config.infer, providers: [provider] } };
    const runner = recordingRunner(alone, [pack], createLogger({ level: 'silent' }));
    try {
      await runner.start();
      trials.push({ provider, wanted, works: true, reason: null, remedy: null });
    } catch (thrown) {
      trials.push({ provider, wanted, works: false, reason: refusal(provider, thrown), remedy: REMEDIES[provider] });
    } finally {
      await runner.stop();
    }
  }
  return trials;
}

function refusal(provider: ProviderName, thrown: unknown): string {
  const told = thrown instanceof VedetteError ? thrown.values.reason : undefined;
  const text = typeof told === 'string' ? told : reasonOf(thrown);
  return text.startsWith(`${provider}: `) ? text.slice(provider.length + 2) : text;
}
