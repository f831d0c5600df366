import type { Cue } from '../score/segment-score.ts';

/** What an incident is about, as far as the cues tell. `unusual` where no rule knows the cue. */
export const INCIDENT_KINDS = [
  'vehicle',
  'rider',
  'animal',
  'baggage',
  'object',
  'person',
  'fast-motion',
  'unusual-motion',
  'agitation',
  'crowding',
  'presence',
  'unusual-look',
  'left-object',
  'missing-object',
  'scene-change',
  'known-event',
  'definition',
  'unusual',
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export interface NamedKind {
  readonly kind: IncidentKind;
  /** A word or a few, for lists and messages: "bicycle", "fast person", "left object", "fight"; a definition's own name. */
  readonly title: string;
  /** Class of the object that it is about, where a detector named it. */
  readonly object: string | null;
}

/** From this probability on, the class of an object is itself strange here, whatever the object does. */
const STRANGE_CLASS = 0.05;

/**
 * Up to this probability a definition, or a head that was trained on events, names what is seen although another cue leads: it knows
 * the event, where the others know only that something is unusual.
 */
const NAMING = 0.002;
/** Cues of a user's definitions, and of heads that were trained on labelled events; the pack's id follows. */
const DEFINITION = 'definition';
const TRAINED = 'learned:';
/** Experts that were found by clustering have no word for what they know. */
const NAMELESS = /^(expert|cluster)[-_ ]?\d+$/i;

/** Heads name their cues freely; the first pattern that fits the name decides. */
const KIND_OF_CUE: readonly (readonly [RegExp, IncidentKind])[] = [
  [/left|abandon/i, 'left-object'],
  [/missing|removed|gone/i, 'missing-object'],
  [/camera|scene|reference|view/i, 'scene-change'],
  [/class|^objects?$/i, 'object'],
  [/agitat|abrupt|accelerat|jerk/i, 'agitation'],
  [/speed|rush|veloc|fast|body/i, 'fast-motion'],
  [/activ|crowd|count/i, 'crowding'],
  [/presen|place|position|^standing$/i, 'presence'],
  [/appear|look|shape|size|height|textur|embedding/i, 'unusual-look'],
  [/motion|direction|course|gait|mover|flow|path|^figure$/i, 'unusual-motion'],
];

/** Classes of COCO's 80 that belong together for a person on watch; every other class is an `object`. */
const KIND_OF_OBJECT: Readonly<Record<string, IncidentKind>> = {
  person: 'person',
  ...all('rider', ['bicycle', 'motorcycle', 'motorbike', 'skateboard', 'scooter', 'wheelchair']),
  ...all('vehicle', ['car', 'bus', 'truck', 'van', 'train', 'boat', 'airplane', 'aeroplane', 'tractor', 'cart']),
  ...all('animal', ['bird', 'cat', 'dog', 'horse', 'sheep', 'cow', 'elephant', 'bear', 'zebra', 'giraffe']),
  ...all('baggage', ['backpack', 'handbag', 'suitcase', 'bag', 'box']),
};

const TITLES: Readonly<Record<IncidentKind, string>> = {
  vehicle: 'vehicle',
  rider: 'rider',
  animal: 'animal',
  baggage: 'baggage',
  object: 'unusual object',
  person: 'person',
  'fast-motion': 'fast motion',
  'unusual-motion': 'unusual motion',
  agitation: 'abrupt movement',
  crowding: 'heavy activity',
  presence: 'movement in an unusual place',
  'unusual-look': 'unusual look',
  'left-object': 'left object',
  'missing-object': 'missing object',
  'scene-change': 'changed scene',
  'known-event': 'known event',
  definition: 'what was defined',
  unusual: 'unusual event',
};

/** How an object is called that stands out by what it does: "fast car". */
const MANNERS: Partial<Readonly<Record<IncidentKind, string>>> = {
  'fast-motion': 'fast',
  'unusual-motion': 'oddly moving',
  agitation: 'abruptly moving',
  presence: 'out of place:',
  'unusual-look': 'unusual',
  'left-object': 'left',
  'missing-object': 'missing',
};

/**
 * Names what the cues are about. The leading cue decides; but where a detector's class is itself strange on this camera, the
 * object does: a bicycle where only people walk is a `rider`, not a `fast-motion`. Before both goes what knows the event itself: a
 * definition of the user, then a trained head.
 *
 * @param leading name of the cue that carries the score; the rarest one where left out
 */
export function kindOf(cues: readonly Cue[], leading?: string): NamedKind {
  const lead = leadingCue(cues, leading);
  if (lead === null) return { kind: 'unusual', title: TITLES.unusual, object: null };
  const event = knownEvent(lead, cues);
  if (event) return event;
  const byCue = kindOfCue(partOf(lead, cues));
  const strangeClass = cues.find(
    (cue) => /class/i.test(cue.name) && cue.label && (cue === lead || cue.probability <= STRANGE_CLASS),
  );
  const object = strangeClass?.label ?? lead.label ?? null;
  if (object === null) return { kind: byCue, title: TITLES[byCue], object };
  const aboutScene = byCue === 'left-object' || byCue === 'missing-object' || byCue === 'scene-change';
  const byObject = KIND_OF_OBJECT[object.toLowerCase()] ?? 'object';
  if (strangeClass && !aboutScene) return { kind: byObject, title: object, object };
  const manner = MANNERS[byCue];
  return { kind: byCue === 'object' ? byObject : byCue, title: manner ? `${manner} ${object}` : object, object };
}

/** What a definition or a trained head knows it as: the one that leads, else the rarest that is rare enough, definitions first. */
function knownEvent(lead: Cue, cues: readonly Cue[]): NamedKind | null {
  const isDefinition = ({ name }: Cue) => name === DEFINITION;
  const isTrained = ({ name }: Cue) => name.startsWith(TRAINED);
  const rare = cues.filter(({ probability }) => probability <= NAMING);
  const cue =
    [lead].find((one) => isDefinition(one) || isTrained(one)) ??
    leadingCue(rare.filter(isDefinition)) ??
    leadingCue(rare.filter(isTrained));
  if (!cue) return null;
  if (isDefinition(cue)) return { kind: 'definition', title: cue.label ?? TITLES.definition, object: null };
  const word = cue.label && !NAMELESS.test(cue.label) ? cue.label : cue.name.slice(TRAINED.length);
  return { kind: 'known-event', title: word || TITLES['known-event'], object: null };
}

/** A cue that joins the others of its head (`object` those called `object-…`) says nothing about the kind; its rarest part does. */
function partOf(lead: Cue, cues: readonly Cue[]): Cue {
  const parts = cues.filter(
    ({ name, label }) => name.startsWith(`${lead.name}-`) && (label ?? null) === (lead.label ?? null),
  );
  return leadingCue(parts) ?? lead;
}

function kindOfCue({ name, comparison }: Cue): IncidentKind {
  const kind = KIND_OF_CUE.find(([pattern]) => pattern.test(name))?.[1] ?? 'unusual';
  // one cue watches for both: what came to stand there, and what no longer does
  return kind === 'left-object' && /missing/i.test(comparison ?? '') ? 'missing-object' : kind;
}

/** The rarest cue of that name, else the one with the lowest tail probability; null when there is none. */
export function leadingCue(cues: readonly Cue[], name?: string): Cue | null {
  const named = cues.filter((cue) => cue.name === name);
  return (named.length > 0 ? named : cues).reduce<Cue | null>(
    (best, cue) => (best && best.probability <= cue.probability ? best : cue),
    null,
  );
}

function all(kind: IncidentKind, names: readonly string[]): Readonly<Record<string, IncidentKind>> {
  return Object.fromEntries(names.map((name) => [name, kind]));
}
