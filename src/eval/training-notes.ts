import type { PackIdentity } from './live-path.ts';

/**
 * What has to stand beside figures on data that packs were made from: they are no test of those packs. A pack was made from a dataset
 * if its `trainedOn` names it, or if its own figures on it are by cross-validation, for then the shipped one has seen all of it.
 */
export function trainingNotes(dataset: string, packs: readonly PackIdentity[]): readonly string[] {
  const makers = packs.filter((pack) => wasTrainedOn(pack, dataset)).map(({ id }) => id);
  if (makers.length === 0) return [];
  const own = packs.flatMap((pack) => ownFigures(pack, dataset));
  return [
    `${makers.join(' and ')} ${makers.length > 1 ? 'were' : 'was'} trained on ${dataset}: these figures are not a test`,
    ...own,
  ];
}

function wasTrainedOn({ trainedOn = '', measured = [] }: PackIdentity, dataset: string): boolean {
  const isNameCharacter = (character: string | undefined) => /[\p{L}\p{N}_-]/u.test(character ?? '');
  const text = trainedOn.toLowerCase();
  const name = dataset.toLowerCase();
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!isNameCharacter(text[at - 1]) && !isNameCharacter(text[at + name.length])) return true;
  }
  return measured.some((figures) => figures.dataset === dataset && isCrossValidated(figures));
}

/** The figures that a pack's own cross-validation gave, to be read instead. */
function ownFigures({ id, measured = [] }: PackIdentity, dataset: string): readonly string[] {
  return measured
    .filter((figures) => figures.dataset === dataset && figures.shipped !== false && isCrossValidated(figures))
    .flatMap(({ auc, aucInterval }) => {
      if (typeof auc !== 'number') return [];
      const interval = Array.isArray(aucInterval) ? ` (${aucInterval.join(' to ')})` : '';
      return [`${id} by its own cross-validation on ${dataset}: AUC ${auc}${interval}`];
    });
}

function isCrossValidated({ protocol }: Readonly<Record<string, unknown>>): boolean {
  return typeof protocol === 'string' && /cross-?\s?validat/i.test(protocol);
}
