/** -ln p from which a cue counts as fully convinced: once in a thousand segments. */
const CONVINCED_NATS = Math.log(1000);
/** How much one fully convinced cue settles by itself. */
const ONE_WITNESS = 0.6;

/**
 * How far the cues agree on what the strangest of them says, 0 to 1: a factor of certainty (HypAD keeps deviation and
 * certainty apart). 1 where nothing stands out; 0.6 where one cue is alone in its alarm; 0.84 with a second one, 0.94 with a
 * third. Cues are taken for independent witnesses, so give the strongest one of each head where heads look at the same pixels.
 *
 * With e = min(1, surprise / ln 1000): 1 - max(e) x prod(1 - 0.6 e).
 *
 * @param surprises -ln p of each cue, nats, at least 0
 */
export function agreementOf(surprises: readonly number[]): number {
  let strongest = 0;
  let doubt = 1;
  for (const surprise of surprises) {
    const conviction = Math.min(1, Math.max(0, surprise) / CONVINCED_NATS);
    strongest = Math.max(strongest, conviction);
    doubt *= 1 - ONE_WITNESS * conviction;
  }
  return 1 - strongest * doubt;
}
