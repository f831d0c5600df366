import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { listSupportedBackends } from 'onnxruntime-node';
import { reasonOf } from '../../platform/errors.ts';
import type { ProviderName } from './provider-name.ts';

/** What a refusal is explained from; a test gives another machine's. */
export interface ProviderSurroundings {
  /** Names that this build of ONNX Runtime knows. */
  readonly known: readonly string[];
  /** Where onnxruntime-node keeps its native libraries; null where that cannot be told. */
  readonly libraryFolder: string | null;
  readonly exists: (path: string) => boolean;
  /** Shared libraries that a library needs and the loader does not find. */
  readonly missingLibraries: (path: string) => Promise<readonly string[]>;
}

/** Providers in libraries of their own, which onnxruntime-node fetches only when it is installed for CUDA. */
const OWN_LIBRARY: Readonly<Partial<Record<ProviderName, string>>> = {
  cuda: 'libonnxruntime_providers_cuda.so',
  tensorrt: 'libonnxruntime_providers_tensorrt.so',
};
/** An NVIDIA driver shows one of them: its own, or Windows' for Linux guests. */
const NVIDIA_DEVICES = ['/dev/nvidiactl', '/dev/dxg'];
const LONGEST_REASON = 300;

/**
 * Why a provider did not open, in one line for people. ONNX Runtime says only "failed to load shared library" and writes which one to the
 * process' standard error, so the usual causes are looked at here, in the order in which they stop it.
 */
export async function whyRefused(
  provider: ProviderName,
  thrown: unknown,
  surroundings: ProviderSurroundings = ownSurroundings(),
): Promise<string> {
  const { known, libraryFolder, exists, missingLibraries } = surroundings;
  if (!known.includes(provider)) return `this build of ONNX Runtime does not have it (it has ${known.join(', ')})`;
  const library = OWN_LIBRARY[provider];
  if (library !== undefined && libraryFolder !== null) {
    const path = join(libraryFolder, library);
    if (!exists(path)) return `onnxruntime-node is installed without ${library}`;
    const missing = await missingLibraries(path);
    if (missing.length > 0) return `${library} needs ${missing.join(', ')}, which this machine lacks`;
    if (!NVIDIA_DEVICES.some(exists)) return 'no NVIDIA device is to be seen (no /dev/nvidiactl)';
  }
  return tidy(reasonOf(thrown));
}

/** ONNX Runtime's message without the place in its source and the condition that did not hold. */
function tidy(text: string): string {
  const line = text.split('\n')[0] ?? '';
  const bare = line
    .replace(/^\S*\/onnxruntime\S*\.(?:cc|h):\d+ .*? was false\. /, '')
    .replace(/^\S+\.(?:cc|h):\d+ /, '');
  return bare.slice(0, LONGEST_REASON) || 'no reason was given';
}

function ownSurroundings(): ProviderSurroundings {
  return {
    known: listSupportedBackends().map(({ name }) => name),
    libraryFolder: nativeFolder(),
    exists: existsSync,
    missingLibraries,
  };
}

/** `bin/napi-vN/<platform>/<processor>` of the installed onnxruntime-node. */
function nativeFolder(): string | null {
  try {
    const bin = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '../bin');
    const folders = readdirSync(bin).map((abi) => join(bin, abi, process.platform, process.arch));
    return folders.find((folder) => existsSync(folder)) ?? null;
  } catch {
    return null;
  }
}

/** Asks the dynamic loader's `ldd`, which only reads; where there is none, nothing is known to be missing. */
async function missingLibraries(path: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ldd', [path], { timeout: 10_000 }).catch(() => ({ stdout: '' }));
  return missingIn(stdout);
}

/** Names in the output of `ldd` that were not found. ONNX Runtime's own shared part is there once its host has loaded it. */
export function missingIn(lddOutput: string): readonly string[] {
  return [...lddOutput.matchAll(/^\s*(\S+) => not found/gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => !name.startsWith('libonnxruntime'));
}
