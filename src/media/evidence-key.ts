import { problem } from '../platform/errors.ts';

/** `clip-so-far` is what can be watched while the incident lasts; the final clip takes its place. */
export type EvidenceName = 'clip.mp4' | 'clip-so-far.mp4' | 'snapshot.jpg' | 'heatmap.jpg';

const PART = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const DEEPEST = 4;

/** The key of a piece of an incident's evidence, for instance `inc_…/clip.mp4`. */
export function evidenceKey(incidentId: string, name: EvidenceName): string {
  const key = `${incidentId}/${name}`;
  assertEvidenceKey(key);
  return key;
}

/**
 * Keys are an allow-list, not a deny-list: parts of letters, digits, `_`, `.` and `-` that begin with a letter or digit.
 * So there is no `..`, no empty part, no backslash, no NUL and no absolute path. Throws VDT_EVIDENCE_KEY_INVALID.
 */
export function assertEvidenceKey(key: string): void {
  const parts = key.split('/');
  const shown = JSON.stringify(key.slice(0, 100));
  if (parts.length > DEEPEST) throw problem('VDT_EVIDENCE_KEY_INVALID', { key: shown, reason: 'is too deep' });
  for (const part of parts) {
    if (!PART.test(part)) {
      throw problem('VDT_EVIDENCE_KEY_INVALID', { key: shown, reason: 'has a part that is not a plain name' });
    }
  }
}
