#!/usr/bin/python3
"""A real RTSP server for tests: serves the H.264 pictures of an MP4 file, looped without a seam, at its own pace.

  rtsp-server.py --file street.mp4 [--path /live] [--port 0] [--digest] [--protocols tcp|udp|both] [--audio-only] [--speed 1.0]

User and password come from the environment (RTSP_SERVER_USER, RTSP_SERVER_PASSWORD), not from the arguments, which everybody can read.

Prints one JSON line {"port": N} when it listens. Ends when its standard input closes, so that no test leaves one behind.
"""
import argparse
import json
import os
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402

SECOND = Gst.SECOND


def read_access_units(path):
    """All H.264 access units of the file, in decoding order, as (bytes, dts, pts, is_delta) in nanoseconds, and the total length."""
    pipeline = Gst.parse_launch(
        "filesrc name=source ! qtdemux ! h264parse config-interval=-1 "
        "! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=sink sync=false max-buffers=64"
    )
    pipeline.get_by_name("source").set_property("location", path)
    sink = pipeline.get_by_name("sink")
    pipeline.set_state(Gst.State.PLAYING)
    units = []
    while True:
        sample = sink.emit("pull-sample")
        if sample is None:
            break
        buffer = sample.get_buffer()
        time = buffer.dts if buffer.dts != Gst.CLOCK_TIME_NONE else buffer.pts
        delta = buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        units.append((buffer.extract_dup(0, buffer.get_size()), time, buffer.pts, delta))
    pipeline.set_state(Gst.State.NULL)
    if not units:
        raise SystemExit("no H.264 pictures in " + path)
    first = units[0][1]
    span = units[-1][1] - first
    length = span + (span // (len(units) - 1) if len(units) > 1 else SECOND // 25)
    return [(data, dts - first, pts - first, delta) for data, dts, pts, delta in units], length


class Feed:
    """Pushes the units of one media into its appsrc; the pipeline's clock gives the pace."""

    def __init__(self, units, length, source, speed):
        self.units, self.length = units, length
        self.speed, self.index = speed, 0
        source.connect("need-data", self.push)

    def push(self, source, _wanted):
        loop, place = divmod(self.index, len(self.units))
        data, dts, pts, delta = self.units[place]
        offset = loop * self.length
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.dts = int((dts + offset) / self.speed)
        buffer.pts = int((pts + offset) / self.speed)
        if delta:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        self.index += 1
        source.emit("push-buffer", buffer)


class Factory(GstRtspServer.RTSPMediaFactory):
    def __init__(self, options, units, length):
        super().__init__()
        self.options, self.units, self.length = options, units, length
        self.feeds = []
        self.set_shared(True)
        protocols = {
            "tcp": GstRtsp.RTSPLowerTrans.TCP,
            "udp": GstRtsp.RTSPLowerTrans.UDP,
            "both": GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP,
        }
        self.set_protocols(protocols[options.protocols])

    def do_create_element(self, _url):
        audio = "audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay0 pt=0"
        if self.options.audio_only:
            return Gst.parse_launch("( " + audio + " )")
        video = (
            "appsrc name=source is-live=false block=false format=time max-bytes=2000000 "
            "caps=video/x-h264,stream-format=byte-stream,alignment=au "
            "! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 config-interval=-1"
        )
        return Gst.parse_launch("( " + video + " )")

    def do_configure(self, media):
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        source = media.get_element().get_by_name_recurse_up("source") if not self.options.audio_only else None
        if source is not None:
            self.feeds.append(Feed(self.units, self.length, source, self.options.speed))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--file")
    parser.add_argument("--path", default="/live")
    parser.add_argument("--port", default="0")
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("--protocols", choices=["tcp", "udp", "both"], default="both")
    parser.add_argument("--audio-only", action="store_true")
    parser.add_argument("--speed", type=float, default=1.0)
    options = parser.parse_args()
    user, password = os.environ.get("RTSP_SERVER_USER"), os.environ.get("RTSP_SERVER_PASSWORD", "")

    Gst.init(None)
    units, length = ([], 0) if options.audio_only else read_access_units(options.file)
    server = GstRtspServer.RTSPServer()
    # a client that is slow for a moment must not get pictures with holes: the server would drop packets of a backlog
    server.connect('client-connected', lambda _server, client: client.set_property('drop-backlog', False))
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    factory = Factory(options, units, length)
    if user:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        if options.digest:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(user, password, token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        server.set_auth(auth)
        role = Gst.Structure.new_from_string("viewer,media.factory.access=true,media.factory.construct=true")
        factory.add_role_from_structure(role)
    server.get_mount_points().add_factory(options.path, factory)
    server.attach(None)
    loop = GLib.MainLoop()

    def end_with_standard_input():
        sys.stdin.read()
        loop.quit()

    threading.Thread(target=end_with_standard_input, daemon=True).start()
    print(json.dumps({"port": server.get_bound_port()}), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
