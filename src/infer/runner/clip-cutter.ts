import type { Clip } from '../../bus/segment.ts';
import { PictureShrink } from '../../media/picture-shrink.ts';
import type { PictureManifest } from '../packs/picture-manifest.ts';

/**
 * Makes of a camera's clip, which serves all its packs, what one pack takes: its rate, its length, its size. The pictures are chosen by
 * time, counted back from the newest, shrunk to `input.resize`, and the centre of the input's size is cut out.
 */
export class ClipCutter {
  readonly #input: PictureManifest['input'];
  /** For the size of clips seen last: that of one camera seldom changes, and cameras seldom differ. */
  #shrink: { readonly width: number; readonly height: number; readonly shrink: PictureShrink } | null = null;
  #picture: Uint8Array;

  constructor(input: PictureManifest['input']) {
    this.#input = input;
    const { width, height } = input.resize ?? input;
    this.#picture = new Uint8Array(width * height * 3);
  }

  /** Whether the clip is long, large and quick enough: one from before the camera got the pack may not be. */
  suits(clip: Clip | undefined): clip is Clip {
    if (!clip) return false;
    const { frames, framesPerSecond } = this.#input;
    const size = this.#input.resize ?? this.#input;
    const lacksSeconds = (frames - 1) / framesPerSecond - (clip.frames - 1) / clip.framesPerSecond;
    const sound = clip.pixels.length === clip.frames * clip.width * clip.height * 3;
    return sound && clip.width >= size.width && clip.height >= size.height && lacksSeconds < 1e-6;
  }

  /** @returns rgb24, frames x height x width x 3 of the input */
  cut(clip: Clip): Uint8Array {
    const { frames, framesPerSecond, width, height } = this.#input;
    const size = this.#input.resize ?? this.#input;
    const left = Math.round((size.width - width) / 2);
    const top = Math.round((size.height - height) / 2);
    const pixels = new Uint8Array(frames * width * height * 3);
    const bytes = clip.width * clip.height * 3;
    for (let frame = 0; frame < frames; frame++) {
      const back = Math.round(((frames - 1 - frame) * clip.framesPerSecond) / framesPerSecond);
      const at = Math.max(0, clip.frames - 1 - back);
      let picture = clip.pixels.subarray(at * bytes, (at + 1) * bytes);
      if (clip.width !== size.width || clip.height !== size.height) {
        this.#shrinkFor(clip, size).shrink(picture, this.#picture);
        picture = this.#picture;
      }
      for (let row = 0; row < height; row++) {
        const from = ((top + row) * size.width + left) * 3;
        pixels.set(picture.subarray(from, from + width * 3), (frame * height + row) * width * 3);
      }
    }
    return pixels;
  }

  #shrinkFor({ width, height }: Clip, size: { readonly width: number; readonly height: number }): PictureShrink {
    if (this.#shrink?.width !== width || this.#shrink.height !== height) {
      this.#shrink = { width, height, shrink: new PictureShrink({ width, height }, size) };
    }
    return this.#shrink.shrink;
  }
}
