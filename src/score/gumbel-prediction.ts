/** What is believed of the law of maxima before any is seen: location normal, scale log-normal. Nats. */
export interface GumbelPrior {
  readonly location: number;
  readonly locationDeviation: number;
  readonly scale: number;
  /** Of the scale's logarithm. */
  readonly scaleDeviation: number;
}

export interface WeightedMaximum {
  readonly maximum: number;
  readonly weight: number;
}

const SCALES = 61;
const LEAST_SCALE = 0.15;
const MOST_SCALE = 3;
/** Locations at each scale, over four deviations either side of the likeliest. */
const LOCATIONS = 17;
const FARTHEST = 4;
/** Points of the law that are less likely than this share of the likeliest are left out. */
const NEGLIGIBLE = 1e-6;
/** Gauss and Hermite's three points of a normal deviation, and their shares. */
const DRIFTS = [
  [-Math.sqrt(3), 1 / 6],
  [0, 2 / 3],
  [Math.sqrt(3), 1 / 6],
] as const;
const BISECTIONS = 24;
const HIGHEST_LEVEL = 200;

interface Law {
  readonly location: number;
  readonly scale: number;
  readonly share: number;
}

/**
 * Level that the next maximum exceeds with the given probability, when the law is known from these maxima alone: the Bayesian predictive
 * quantile, on a grid over location and scale of a Gumbel law. Few maxima leave the law open and the level high; it comes down as they
 * gather, and no sooner than they show (Coles, An Introduction to Statistical Modeling of Extreme Values, 9.1.2).
 *
 * @param maxima weights count as numbers of maxima
 * @param exceedance above 0, below 1
 * @param drift deviation of the location between what was seen and what comes, nats
 */
export function predictiveLevel(
  maxima: readonly WeightedMaximum[],
  prior: GumbelPrior,
  exceedance: number,
  drift: number,
): number {
  const laws = posterior(maxima, prior);
  let low = 0;
  let high = HIGHEST_LEVEL;
  for (let step = 0; step < BISECTIONS; step++) {
    const level = (low + high) / 2;
    if (exceedanceOf(level, laws, drift) > exceedance) low = level;
    else high = level;
  }
  return high;
}

function posterior(maxima: readonly WeightedMaximum[], prior: GumbelPrior): readonly Law[] {
  const total = maxima.reduce((sum, { weight }) => sum + weight, 0);
  const mean = total > 0 ? maxima.reduce((sum, { maximum, weight }) => sum + weight * maximum, 0) / total : 0;
  const precision0 = prior.locationDeviation ** -2;
  const points: { readonly location: number; readonly scale: number; readonly logarithm: number }[] = [];
  for (let index = 0; index < SCALES; index++) {
    const scale = LEAST_SCALE * (MOST_SCALE / LEAST_SCALE) ** (index / (SCALES - 1));
    // about the mean, so that nothing overflows
    const powers = maxima.reduce((sum, { maximum, weight }) => sum + weight * Math.exp((mean - maximum) / scale), 0);
    const likeliest = total > 0 ? mean - scale * Math.log(powers / total) : prior.location;
    const precision = total / (scale * scale);
    const centre = (precision * likeliest + precision0 * prior.location) / (precision + precision0);
    const deviation = 1 / Math.sqrt(precision + precision0);
    const ofScale = (Math.log(scale / prior.scale) / prior.scaleDeviation) ** 2;
    for (let place = 0; place < LOCATIONS; place++) {
      const location = centre + deviation * FARTHEST * ((2 * place) / (LOCATIONS - 1) - 1);
      const ofLocation = ((location - prior.location) / prior.locationDeviation) ** 2;
      const likelihood =
        -total * Math.log(scale) - (total * (mean - location)) / scale - powers * Math.exp((location - mean) / scale);
      // the width of its own step: a point stands for so much of the plane
      points.push({ location, scale, logarithm: likelihood - (ofLocation + ofScale) / 2 + Math.log(deviation) });
    }
  }
  const most = points.reduce((largest, { logarithm }) => Math.max(largest, logarithm), Number.NEGATIVE_INFINITY);
  const laws = points
    .map(({ location, scale, logarithm }) => ({ location, scale, share: Math.exp(logarithm - most) }))
    .filter(({ share }) => share >= NEGLIGIBLE);
  const sum = laws.reduce((shares, { share }) => shares + share, 0);
  return laws.map((law) => ({ ...law, share: law.share / sum }));
}

function exceedanceOf(level: number, laws: readonly Law[], drift: number): number {
  let sum = 0;
  for (const { location, scale, share } of laws) {
    for (const [deviations, part] of DRIFTS) {
      sum -= share * part * Math.expm1(-Math.exp(-(level - location - deviations * drift) / scale));
    }
  }
  return sum;
}
