/** The way by which commands change settings: one REST request at a time, whoever answers it. */
export interface Control {
  /** Rejects with the error that the service gave. */
  request<Result>(method: string, path: string, body?: unknown): Promise<Result>;
  close(): Promise<void>;
}
