import type { CameraScheme, SourceUrl } from './source-url.ts';

/**
 * What ffmpeg may open for a scheme, all the way down: a playlist or redirect cannot reach past it (no `file`).
 * `async,pipe` carry the concat script; HLS itself only ever opens http, https, file, data and crypto.
 */
const PROTOCOLS: Readonly<Record<CameraScheme, string>> = {
  rtsp: 'async,pipe,rtp,udp,tcp',
  rtsps: 'async,pipe,rtp,srtp,udp,tcp,tls',
  rtmp: 'async,pipe,rtmp,tcp',
  http: 'async,pipe,http,https,httpproxy,tcp,tls,crypto',
  https: 'async,pipe,http,https,httpproxy,tcp,tls,crypto',
};
/** Containers that a camera may answer with; among others this keeps an HTTP answer from being read as SDP or as another script. */
const FORMATS: Readonly<Record<CameraScheme, string>> = {
  rtsp: 'concat,rtsp',
  rtsps: 'concat,rtsp',
  rtmp: 'concat,flv,live_flv',
  http: 'concat,hls,mpegts,mpjpeg,mjpeg,jpeg_pipe,mp4,mov,matroska,flv,live_flv,h264,hevc,mpegvideo,aac',
  https: 'concat,hls,mpegts,mpjpeg,mjpeg,jpeg_pipe,mp4,mov,matroska,flv,live_flv,h264,hevc,mpegvideo,aac',
};

export function protocolWhitelist(scheme: CameraScheme): string {
  return PROTOCOLS[scheme];
}

export function formatWhitelist(scheme: CameraScheme): string {
  return FORMATS[scheme];
}

export interface SourceOptions {
  readonly transport: 'tcp' | 'udp';
  /** Longest silence of a socket. ffmpeg's own default is to wait for ever. */
  readonly socketTimeoutMs: number;
}

/** Options of the inner demuxer, by scheme (names of ffmpeg 5.1: `stimeout` became `timeout` in 5.0). */
export function sourceOptions(url: SourceUrl, options: SourceOptions): Readonly<Record<string, string | number>> {
  const timeoutUs = Math.round(options.socketTimeoutMs * 1_000);
  const analyze = { analyzeduration: 3_000_000 };
  switch (url.scheme) {
    case 'rtsp':
    case 'rtsps':
      return { ...analyze, rtsp_transport: options.transport, timeout: timeoutUs, allowed_media_types: 'video+audio' };
    case 'rtmp':
      return { ...analyze, rw_timeout: timeoutUs };
    case 'http':
    case 'https':
      return {
        ...analyze,
        rw_timeout: timeoutUs,
        // MJPEG over HTTP has no times of its own (the demuxer invents 25 frames a second): take the moment of arrival
        ...(isPlaylist(url) ? {} : { use_wallclock_as_timestamps: 1 }),
      };
  }
}

function isPlaylist(url: SourceUrl): boolean {
  return new URL(url.href).pathname.toLowerCase().endsWith('.m3u8');
}
