import type { ClipSampling } from '../bus/sampling.ts';
import type { Clip } from '../bus/segment.ts';
import type { Size } from '../media/area-spans.ts';
import { PictureShrink } from '../media/picture-shrink.ts';

interface TimedPicture {
  /** rgb24 of the decoded size. */
  readonly pixels: Uint8Array;
  /** Seconds on the media clock. */
  readonly atSeconds: number;
}

/**
 * The last pictures of a stream, from which clips are cut. A clip has an even rate whatever the camera's is: each of its moments shows
 * the picture that is nearest in time, so a slow camera's pictures come several times.
 */
export class ClipWindow {
  readonly #sampling: ClipSampling;
  readonly #shrink: PictureShrink;
  #pictures: TimedPicture[] = [];

  /** @param decoded size of the pictures, in neither direction smaller than the clip's */
  constructor(sampling: ClipSampling, decoded: Size) {
    this.#sampling = sampling;
    this.#shrink = new PictureShrink(decoded, sampling);
  }

  /** Takes the next picture; one whose clock went back begins anew. The pixels are kept, not copied. */
  push(pixels: Uint8Array, mediaSeconds: number): void {
    if (mediaSeconds < (this.#pictures.at(-1)?.atSeconds ?? Number.NEGATIVE_INFINITY)) this.clear();
    this.#pictures.push({ pixels, atSeconds: mediaSeconds });
    const { frames, framesPerSecond } = this.#sampling;
    const earliest = mediaSeconds - (frames - 1) / framesPerSecond;
    // one from before the earliest moment stays: it may be the nearest to it
    while ((this.#pictures[1]?.atSeconds ?? Number.POSITIVE_INFINITY) <= earliest) this.#pictures.shift();
  }

  /** Forgets: what comes next does not follow on what was. */
  clear(): void {
    this.#pictures = [];
  }

  /** The clip that ends with the newest picture; null before the first. */
  cut(): Clip | null {
    const newest = this.#pictures.at(-1);
    if (!newest) return null;
    const { frames, framesPerSecond, width, height } = this.#sampling;
    const size = width * height * 3;
    const pixels = new Uint8Array(frames * size);
    let shown: TimedPicture | null = null;
    let at = 0;
    for (let frame = 0; frame < frames; frame++) {
      const moment = newest.atSeconds - (frames - 1 - frame) / framesPerSecond;
      while (at + 1 < this.#pictures.length && this.#nearer(at + 1, moment)) at += 1;
      const picture = this.#pictures[at] ?? newest;
      const target = pixels.subarray(frame * size, (frame + 1) * size);
      if (picture === shown) pixels.copyWithin(frame * size, (frame - 1) * size, frame * size);
      else this.#shrink.shrink(picture.pixels, target);
      shown = picture;
    }
    return { framesPerSecond, frames, width, height, pixels };
  }

  /** Whether the picture at `index` is no farther from the moment than the one before it. */
  #nearer(index: number, moment: number): boolean {
    const before = this.#pictures[index - 1]?.atSeconds ?? Number.NEGATIVE_INFINITY;
    const after = this.#pictures[index]?.atSeconds ?? Number.POSITIVE_INFINITY;
    return Math.abs(after - moment) <= Math.abs(moment - before);
  }
}
