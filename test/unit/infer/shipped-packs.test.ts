import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PackManifest } from '../../../src/infer/packs/pack-manifest.ts';
import { companionsOf, planPacks } from '../../../src/infer/packs/pack-plan.ts';
import { builtInPackDirectory, PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import { isPullable, verifyFile } from '../../../src/infer/packs/verify-file.ts';

const registry = new PackRegistry();
const listings = await registry.list();
const packs = listings.flatMap(({ pack }) => pack ?? []);
const known: ReadonlyMap<string, PackManifest> = new Map(packs.map(({ manifest }) => [manifest.id, manifest]));

/** Figures of a `measured` entry that a card has to name. */
const FIGURES = ['auc', 'aucInterval', 'accuracy', 'streamsAucAbnormal'];

describe('the packs that come with Vedette', () => {
  it('all have a sound manifest, and those that the documentation promises are there', () => {
    expect(listings.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
    expect([...known.keys()]).toEqual(
      expect.arrayContaining(['clip-vit-b16', 'clip-vit-b32', 'fights', 'fights-encoder', 'i3d-rgb', 'motion-grid']),
    );
  });

  describe.each(packs.map(({ manifest, home }) => ({ id: manifest.id, manifest, home })))(
    '$id',
    ({ manifest, home }) => {
      it('can watch a camera by itself', () => {
        const plan = planPacks([manifest], known);
        expect(plan.ids).toContain(manifest.id);
        for (const companion of companionsOf([manifest])) expect(plan.ids).toContain(companion);
      });

      it('comes with its files, unchanged; others are for pull to fetch', async () => {
        const shipped = manifest.files.filter((file) => !isPullable(file));
        for (const file of shipped) await verifyFile(manifest, file, join(home, file.path));
      });
    },
  );

  it('work together on one camera, as far as they take the same frames', () => {
    const plan = planPacks([...known.values()], known);
    expect(plan.heads.map(({ id }) => id)).toContain('fights');
    expect(plan.sampling.clip).toMatchObject({ framesPerSecond: 30 });
  });

  it('have a card wherever they were trained here, which names the pack and every figure of its manifest', () => {
    const trained = packs.filter(({ manifest }) => manifest.kind === 'head');
    expect(trained.length).toBeGreaterThan(0);
    for (const { manifest, home } of trained) {
      if (manifest.kind !== 'head') continue;
      const card = readFileSync(join(home, 'MODEL_CARD.md'), 'utf8');
      expect(card).toContain(`\`${manifest.id}\` ${manifest.version}`);
      expect(card).toContain(`\`${manifest.extractor}\` ${manifest.extractorVersion}`);
      expect(card).toContain(`Threshold ${manifest.threshold}`);
      const figures = (manifest.measured ?? []).flatMap((entry) => FIGURES.flatMap((name) => entry[name] ?? []));
      expect(figures.flat().length).toBeGreaterThan(0);
      for (const figure of figures.flat()) expect(card.match(/\d+\.\d+/g), manifest.id).toContain(String(figure));
      const shippedOnes = (manifest.measured ?? []).filter(({ shipped }) => shipped === true);
      expect(shippedOnes).toHaveLength(1);
    }
  });

  it('lie where the program looks for them', () => {
    expect(registry.directory).toBe(builtInPackDirectory());
    for (const { home, manifest } of packs) expect(home).toBe(join(builtInPackDirectory(), manifest.id));
  });
});
