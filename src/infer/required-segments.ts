/** Segments that a camera watches before it alerts, the same in the live service and in an evaluation. */
export function requiredSegments(learningMinutes: number, segmentSeconds: number): number {
  return Math.max(1, Math.ceil((learningMinutes * 60) / segmentSeconds));
}
