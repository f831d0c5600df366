/** The supervisor's patience, all in ms; defaults as the best peers have them. */
export interface SupervisorLimits {
  /** Without a picture for this long a live camera is stalled. */
  readonly stallMs: number;
  /** From the start of ffmpeg to the first picture. */
  readonly firstPictureMs: number;
  /** Longest look-up of the host name. */
  readonly lookupMs: number;
  /** Longest silence of a socket; above `stallMs`, so that the watchdog sees a stall before ffmpeg gives up. */
  readonly socketTimeoutMs: number;
  /** Without a picture for this long a camera is offline. */
  readonly offlineMs: number;
  /** Pictures are not used for this long after the decoder reported damage. */
  readonly damageHoldMs: number;
}

export function supervisorLimits(settings: {
  readonly stallMs: number;
  readonly offlineMs: number;
  readonly connectTimeoutMs: number;
}): SupervisorLimits {
  return {
    stallMs: settings.stallMs,
    firstPictureMs: settings.connectTimeoutMs + 10_000,
    lookupMs: settings.connectTimeoutMs,
    socketTimeoutMs: Math.max(settings.connectTimeoutMs, settings.stallMs + 5_000),
    offlineMs: settings.offlineMs,
    damageHoldMs: 2_000,
  };
}
