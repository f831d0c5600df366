import { Tensor } from 'onnxruntime-node';
import { problem } from '../../platform/errors.ts';
import type { HeadOutput } from '../../score/learned-features.ts';
import type { HeadManifest } from '../packs/head-manifest.ts';
import type { Pack } from '../packs/pack-registry.ts';
import { type OpenModel, openModel, type SessionOptions } from './open-model.ts';
import type { ProviderName, ProviderReport } from './provider-chain.ts';
import type { SnippetWindow } from './snippet-history.ts';

/** A head opened in ONNX Runtime; for `run`'s thread see `PackSession`. Graph: `headManifestSchema`. */
export class HeadSession {
  readonly pack: Pack;
  readonly provider: ProviderName;
  readonly reports: readonly ProviderReport[];
  readonly manifest: HeadManifest;
  readonly #model: OpenModel;

  private constructor(pack: Pack, manifest: HeadManifest, model: OpenModel) {
    this.pack = pack;
    this.manifest = manifest;
    this.provider = model.provider;
    this.reports = model.reports;
    this.#model = model;
  }

  /** Throws as `openModel`. */
  static async open(pack: Pack, options: SessionOptions): Promise<HeadSession> {
    const { manifest } = pack;
    if (manifest.kind !== 'head') {
      throw problem('VDT_PACK_INVALID', { pack: manifest.id, field: 'kind', reason: 'is not head' });
    }
    return new HeadSession(pack, manifest, await openModel(pack, options));
  }

  /** What it says of the newest place of each window (as long as the manifest says), in order. */
  async judge(windows: readonly SnippetWindow[]): Promise<readonly HeadOutput[]> {
    if (this.#model.fixedBatch === null || windows.length <= 1) return this.#run(windows);
    const found: HeadOutput[] = [];
    for (const window of windows) found.push(...(await this.#run([window])));
    return found;
  }

  async close(): Promise<void> {
    await this.#model.session.release();
  }

  async #run(windows: readonly SnippetWindow[]): Promise<readonly HeadOutput[]> {
    const { features, output, experts } = this.manifest;
    const { window, dims, normalise } = features;
    const values = new Float32Array(windows.length * window * dims);
    const present = new Float32Array(windows.length * window);
    for (const [index, snippets] of windows.entries()) {
      for (const [place, snippet] of snippets.entries()) {
        if (!snippet) continue;
        const at = index * window + place;
        const target = values.subarray(at * dims, (at + 1) * dims);
        target.set(snippet);
        if (normalise === 'l2') toUnitLength(target);
        present[at] = 1;
      }
    }
    const results = await this.#model.session.run(
      {
        [features.name]: new Tensor('float32', values, [windows.length, window, dims]),
        ...(features.present ? { [features.present]: new Tensor('float32', present, [windows.length, window]) } : {}),
      },
      [output.name, ...(experts ? [experts.name] : [])],
    );
    const take = (field: string, name: string, length: number): Float32Array => {
      const found = results[name]?.data;
      if (found instanceof Float32Array && found.length === length * windows.length) return found;
      const reason = `promises ${length} float32 values, the model gave ${found?.length ?? 0} for ${windows.length}`;
      throw problem('VDT_PACK_MODEL_MISMATCH', { pack: this.manifest.id, field, reason });
    };
    const scores = take('output', output.name, 1);
    const classes = experts?.classes ?? [];
    const fired = experts ? take('experts', experts.name, classes.length) : null;
    return windows.map((_, index) => ({
      score: this.#probability(scores[index]),
      experts: classes.map((label, expert) => ({
        label,
        score: this.#probability(fired?.[index * classes.length + expert]),
      })),
    }));
  }

  /** Within 0 to 1 to rounding. Throws VDT_PACK_MODEL_MISMATCH for what is no number. */
  #probability(value: number | undefined): number {
    if (value === undefined || Number.isNaN(value)) {
      const reason = 'is not a number';
      throw problem('VDT_PACK_MODEL_MISMATCH', { pack: this.manifest.id, field: 'output', reason });
    }
    return Math.min(1, Math.max(0, value));
  }
}

function toUnitLength(values: Float32Array): void {
  let squares = 0;
  for (const value of values) squares += value * value;
  if (squares === 0) return;
  const length = Math.sqrt(squares);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) / length;
}
