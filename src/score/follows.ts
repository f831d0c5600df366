/** Where a segment stands in its stream; a null epoch is before all streams. */
interface StreamPlace {
  readonly epoch: number | null;
  readonly sequence: number;
}

/** Whether a segment comes right after another one, with no break of the stream and nothing missing between. */
export function follows(before: StreamPlace | null | undefined, after: StreamPlace): boolean {
  return before != null && before.epoch === after.epoch && before.sequence + 1 === after.sequence;
}

interface RecordedPlace extends StreamPlace {
  readonly recording?: number;
}

/** The same among remembered segments: a recording that is taught after another may number its segments alike. */
export function followsInRecording(before: RecordedPlace | undefined, after: RecordedPlace): boolean {
  return before?.recording === after.recording && follows(before, after);
}
