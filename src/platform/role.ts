/** A part of the service with a life: what `vedette run ROLE` runs and `vedette up` runs side by side. */
export interface Role {
  readonly name: string;
  /** Resolves when the role does its work; rejects with what is missing and how to get it. */
  start(): Promise<void>;
  /** Stops within seconds and leaves no child process; safe to call twice, and after a failed start. */
  stop(): Promise<void>;
}
