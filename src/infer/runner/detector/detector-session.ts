import { Tensor } from 'onnxruntime-node';
import type { Segment, Still } from '../../../bus/segment.ts';
import { problem } from '../../../platform/errors.ts';
import type { DetectedObject } from '../../../score/detected-object.ts';
import { pictureManifestOf } from '../../packs/pack-manifest.ts';
import type { Pack } from '../../packs/pack-registry.ts';
import { type DetectorManifest, type PictureManifest, stillSizeOf } from '../../packs/picture-manifest.ts';
import { type OpenModel, openModel, type SessionOptions } from '../open-model.ts';
import type { ProviderReport } from '../provider-chain.ts';
import { batchDims } from '../segment-tensor.ts';
import type { Candidate } from './candidate.ts';
import { decodeFastestDet } from './fastest-det-decode.ts';
import { movingTiles } from './moving-tiles.ts';
import { suppress, type TileObject } from './suppress.ts';
import { fillTiles, type Tile, tilesOf } from './tiles.ts';
import { decodeYolox } from './yolox-decode.ts';

const DECODERS = { yolox: decodeYolox, fastestdet: decodeFastestDet } as const;
const MAXIMUM_OBJECTS = 64;
/** A box that ends so near to an inner border of its tile is cut by it, pixels of the input. */
const BORDER = 3;

export interface Looked {
  readonly objects: readonly DetectedObject[];
  /** Tiles that went through the model; 0 where nothing moved. */
  readonly tiles: number;
}

interface Look {
  readonly still: Still;
  readonly tile: Tile;
  /** Which of the given segments it is of. */
  readonly owner: number;
}

/** One detector opened in ONNX Runtime; for `run`'s thread see `PackSession`. */
export class DetectorSession {
  readonly pack: Pack;
  readonly reports: readonly ProviderReport[];
  readonly #model: OpenModel;
  readonly #manifest: PictureManifest;
  readonly #detector: DetectorManifest;
  readonly #stillSize: { readonly width: number; readonly height: number };
  readonly #tiles: readonly Tile[];
  #tensor = new Float32Array(0);

  private constructor(pack: Pack, model: OpenModel, detector: DetectorManifest) {
    this.pack = pack;
    this.reports = model.reports;
    this.#model = model;
    this.#detector = detector;
    this.#manifest = pictureManifestOf(pack.manifest);
    this.#stillSize = stillSizeOf(this.#manifest) ?? this.#manifest.input;
    this.#tiles = tilesOf(detector, this.#manifest.input, this.#stillSize.width);
  }

  /** Throws as `openModel`. */
  static async open(pack: Pack, options: SessionOptions): Promise<DetectorSession> {
    const { id, detector } = pictureManifestOf(pack.manifest);
    if (!detector) throw problem('VDT_PACK_INVALID', { pack: id, field: 'kind', reason: 'is not detector' });
    return new DetectorSession(pack, await openModel(pack, options), detector);
  }

  /** Throws VDT_SEGMENT_INVALID where the segment's still is not of the size that the pack takes, or is not there. */
  check({ still }: Segment): void {
    const { width, height } = this.#stillSize;
    if (still && still.width === width && still.height === height && still.pixels.length === width * height * 3) return;
    const has = still ? `has a still picture of ${still.width} x ${still.height}` : 'has no still picture';
    throw problem('VDT_SEGMENT_INVALID', { reason: `it ${has}, the pack takes one of ${width} x ${height}` });
  }

  /**
   * Objects in the still of each checked segment; tiles in which nothing moves are not looked at. All tiles of all segments go
   * through the model together where its batch is free.
   */
  async detect(segments: readonly Segment[]): Promise<readonly Looked[]> {
    const looks: Look[] = [];
    for (const [owner, segment] of segments.entries()) {
      const { still } = segment;
      if (!still) continue;
      const moving = movingTiles(segment, this.#tiles, this.#stillSize.width);
      for (const [index, tile] of this.#tiles.entries()) if (moving[index]) looks.push({ still, tile, owner });
    }
    const found: TileObject[][] = segments.map(() => []);
    const atOnce = this.#model.fixedBatch ?? Math.max(1, looks.length);
    for (let from = 0; from < looks.length; from += atOnce) await this.#run(looks.slice(from, from + atOnce), found);
    return found.map((objects, owner) => ({
      objects: suppress(objects, { overlap: this.#detector.overlap, maximum: MAXIMUM_OBJECTS }),
      tiles: looks.filter((look) => look.owner === owner).length,
    }));
  }

  async close(): Promise<void> {
    await this.#model.session.release();
  }

  async #run(looks: readonly Look[], found: TileObject[][]): Promise<void> {
    const { id, input, output } = this.#manifest;
    const needed = looks.length * 3 * input.width * input.height;
    if (this.#tensor.length !== needed) this.#tensor = new Float32Array(needed);
    fillTiles(input, looks, this.#tensor);
    const tensor = new Tensor('float32', this.#tensor, batchDims(input, looks.length));
    const results = await this.#model.session.run({ [input.name]: tensor }, [output.name]);
    const values = results[output.name]?.data;
    const length = output.dims.reduce((product, size) => product * size, 1);
    if (!(values instanceof Float32Array) || values.length !== length * looks.length) {
      const reason = `promise ${length} float32 values a picture, the model gave ${values?.length ?? 0} for ${looks.length}`;
      throw problem('VDT_PACK_MODEL_MISMATCH', { pack: id, field: 'output.dims', reason });
    }
    const { architecture, classes, confidence } = this.#detector;
    for (const [index, { tile, owner }] of looks.entries()) {
      const own = values.subarray(index * length, (index + 1) * length);
      for (const candidate of DECODERS[architecture](own, input, classes.length, confidence)) {
        const object = this.#place(candidate, tile);
        if (object) found[owner]?.push(object);
      }
    }
  }

  /** From the pixels of a tile to parts of the whole picture; null for a box outside it. */
  #place(candidate: Candidate, tile: Tile): TileObject | null {
    const { width, height } = this.#stillSize;
    const inside = (value: number, most: number) => Math.min(most, Math.max(0, value));
    const left = inside(candidate.left, tile.width);
    const right = inside(candidate.right, tile.width);
    const top = inside(candidate.top, tile.height);
    const bottom = inside(candidate.bottom, tile.height);
    if (right - left < 1 || bottom - top < 1) return null;
    const cutLeft = tile.left > 0 && left < BORDER;
    const cutRight = tile.left + tile.width < width && right > tile.width - BORDER;
    return {
      box: {
        left: (tile.left + left) / width,
        top: top / height,
        right: (tile.left + right) / width,
        bottom: bottom / height,
      },
      confidence: candidate.confidence,
      label: this.#detector.classes[candidate.label] ?? '',
      classProbabilities: candidate.classProbabilities,
      cut: cutLeft || cutRight,
    };
  }
}
