#!/usr/bin/python3
"""A camera made of files: serves H.264 mp4 files over RTSP (TCP and UDP), live and without an end.

    /usr/bin/python3 scripts/rtsp-server.py --mount /street=quiet.mp4 --clip anomaly=live.mp4 [--port 8554]

Each mount plays its file round and round, in real time, from the moment the server starts, whether or not anybody watches; with
--hold, from the moment the first client connects. All clients of a mount see the same picture; who joins late starts at the next
key frame. Time stamps never step back: the files are read into memory once and their pictures are sent on one clock.

Standard output: one JSON line {"port":..., "url":..., "urls":{...}} when it listens, then one line for each event:
    {"event":"playing","mount":...,"clip":...,"atMs":<UTC ms of its first picture>,"frames":...,"framesPerSecond":...}
    {"event":"error","reason":...}
Standard input, one command a line; the server ends when it closes:
    play CLIP [MOUNT]     when the running file ends, plays CLIP once, then the mount's own file again
    cut CLIP [MOUNT]      the same, at once
    pause|resume [MOUNT]  sends no pictures, while the connections stay up
    disconnect            closes the connection of every client
    quit
Credentials come from the environment, not from the arguments, which everybody on the machine can read:
RTSP_SERVER_USER and RTSP_SERVER_PASSWORD (digest).
"""
import argparse
import json
import os
import signal
import sys
import threading
import time

EXIT_MISSING = 3
EXIT_FAILED = 1


def say(**fields):
    sys.stdout.write(json.dumps(fields) + '\n')
    sys.stdout.flush()


def fail(code, reason):
    say(event='error', reason=reason)
    sys.exit(code)


try:
    import gi

    gi.require_version('Gst', '1.0')
    gi.require_version('GstApp', '1.0')
    gi.require_version('GstRtsp', '1.0')
    gi.require_version('GstRtspServer', '1.0')
    from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: F401
except (ImportError, ValueError) as error:
    fail(EXIT_MISSING, f'GStreamer for Python is not installed ({error})')

Gst.init(None)
MISSING = [name for name in ('filesrc', 'qtdemux', 'h264parse', 'rtph264pay', 'appsrc', 'appsink', 'rtpbin')
           if Gst.ElementFactory.find(name) is None]
if MISSING:
    fail(EXIT_MISSING, 'GStreamer lacks the elements ' + ', '.join(MISSING))


class Clip:
    """The pictures of one file, in memory: (bytes, is a key frame), one access unit each."""

    def __init__(self, name, path):
        self.name = name
        self.units = []
        self.caps = None
        pipeline = Gst.parse_launch(
            'filesrc name=source ! qtdemux ! h264parse config-interval=-1 '
            '! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=sink sync=false max-buffers=8')
        pipeline.get_by_name('source').set_property('location', path)
        sink = pipeline.get_by_name('sink')
        pipeline.set_state(Gst.State.PLAYING)
        durations = []
        while True:
            sample = sink.try_pull_sample(5 * Gst.SECOND)
            if sample is None:
                break
            if self.caps is None:
                self.caps = sample.get_caps()
            buffer = sample.get_buffer()
            key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
            self.units.append((buffer.extract_dup(0, buffer.get_size()), key))
            if buffer.duration != Gst.CLOCK_TIME_NONE:
                durations.append(buffer.duration)
        message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        pipeline.set_state(Gst.State.NULL)
        if message is not None or not self.units:
            reason = message.parse_error()[0].message if message is not None else 'it holds no pictures'
            raise ValueError(f'{os.path.basename(path)} cannot be read as H.264 in mp4: {reason}')
        self.seconds_per_frame = (sum(durations) / len(durations) / Gst.SECOND) if durations else 1 / 15
        self.frames_per_second = round(1 / self.seconds_per_frame, 3)


class Mount:
    """One camera: a thread sends the pictures in time to whoever is there."""

    def __init__(self, path, clip, hold):
        self.path = path
        self.main = clip
        self.lock = threading.Condition()
        self.sources = []
        self.queue = []
        self.cut = False
        self.paused = False
        self.held = hold
        self.stopped = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def attach(self, source):
        with self.lock:
            # A source starts at a key frame.
            self.sources.append([source, False])
            self.held = False
            self.lock.notify_all()

    def detach(self, source):
        with self.lock:
            self.sources = [entry for entry in self.sources if entry[0] is not source]

    def command(self, verb, clip=None):
        with self.lock:
            if verb in ('play', 'cut'):
                self.queue.append(clip)
                self.cut = verb == 'cut'
            else:
                self.paused = verb == 'pause'
            self.lock.notify_all()

    def _run(self):
        with self.lock:
            while self.held:
                self.lock.wait()
        due = time.monotonic()
        while not self.stopped:
            with self.lock:
                clip = self.queue.pop(0) if self.queue else self.main
                self.cut = False
            say(event='playing', mount=self.path, clip=clip.name, atMs=round(time.time() * 1000 + (due - time.monotonic()) * 1000),
                frames=len(clip.units), framesPerSecond=clip.frames_per_second)
            for data, key in clip.units:
                wait = due - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                elif wait < -1:
                    # The machine slept: go on from now instead of sending what was missed in a burst.
                    due = time.monotonic()
                with self.lock:
                    if self.paused:
                        while self.paused and not self.stopped:
                            self.lock.wait()
                        due = time.monotonic()
                        for entry in self.sources:
                            entry[1] = False
                    if self.cut or self.stopped:
                        break
                    entries = list(self.sources)
                for entry in entries:
                    self._push(entry, clip, data, key, due)
                due += clip.seconds_per_frame

    def _push(self, entry, clip, data, key, due):
        source, started = entry
        if not started and not key:
            return
        clock = source.get_clock()
        base = source.get_base_time()
        if clock is None or base == 0:
            return
        # The moment at which the picture was due, on the pipeline's clock: even, although threads are not.
        now = clock.get_time() - base
        stamp = now + int((due - time.monotonic()) * Gst.SECOND)
        if stamp < 0:
            return
        entry[1] = True
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = stamp
        buffer.dts = stamp
        buffer.duration = int(clip.seconds_per_frame * Gst.SECOND)
        if not key:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        if source.emit('push-buffer', buffer) != Gst.FlowReturn.OK:
            self.detach(source)


class Factory(GstRtspServer.RTSPMediaFactory):
    """One media for all clients of a mount."""

    def __init__(self, mount):
        super().__init__()
        self.mount = mount
        self.set_shared(True)
        self.set_latency(0)
        self.set_launch('( appsrc name=source is-live=true format=time do-timestamp=false max-bytes=4000000 leaky-type=downstream '
                        '! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )')
        self.connect('media-configure', self._configure)

    def _configure(self, _factory, media):
        source = media.get_element().get_by_name_recurse_up('source')
        source.set_property('caps', self.mount.main.caps)
        self.mount.attach(source)
        media.connect('unprepared', lambda _media: self.mount.detach(source))


def split_pair(text, what):
    name, separator, path = text.partition('=')
    if not separator or not name or not path:
        fail(EXIT_FAILED, f'{what} must be NAME=FILE, not {text!r}')
    return name, path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--mount', action='append', required=True, metavar='/PATH=FILE')
    parser.add_argument('--clip', action='append', default=[], metavar='NAME=FILE')
    parser.add_argument('--first', metavar='CLIP', help='plays this clip once before the mounts\' own files')
    parser.add_argument('--address', default='127.0.0.1')
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--hold', action='store_true', help='starts playing when the first client connects')
    options = parser.parse_args()

    clips = {}
    mounts = {}
    try:
        for pair in options.clip:
            name, path = split_pair(pair, '--clip')
            clips[name] = Clip(name, path)
        for pair in options.mount:
            name, path = split_pair(pair, '--mount')
            name = '/' + name.lstrip('/')
            mounts[name] = Mount(name, Clip('main', path), options.hold)
    except ValueError as error:
        fail(EXIT_FAILED, str(error))
    if options.first is not None:
        if options.first not in clips:
            fail(EXIT_FAILED, f'--first names no --clip: {options.first}')
        for mount in mounts.values():
            mount.queue.append(clips[options.first])

    server = GstRtspServer.RTSPServer()
    # a client that is slow for a moment must not get pictures with holes: the server would drop packets of a backlog
    server.connect('client-connected', lambda _server, client: client.set_property('drop-backlog', False))
    server.set_address(options.address)
    server.set_service(str(options.port))
    user = os.environ.pop('RTSP_SERVER_USER', '')
    password = os.environ.pop('RTSP_SERVER_PASSWORD', '')
    if user:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string('media.factory.role', 'viewer')
        auth.add_digest(user, password, token)
        server.set_auth(auth)
    for path, mount in mounts.items():
        factory = Factory(mount)
        if user:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role('viewer', 'media.factory.access', True)
            permissions.add_permission_for_role('viewer', 'media.factory.construct', True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    if server.attach(None) == 0:
        fail(EXIT_FAILED, f'port {options.port} on {options.address} cannot be opened')

    loop = GLib.MainLoop()
    port = server.get_bound_port()
    urls = {path: f'rtsp://{options.address}:{port}{path}' for path in mounts}
    say(port=port, url=next(iter(urls.values())), urls=urls)
    for mount in mounts.values():
        mount.thread.start()

    def close_client(_server, client):
        client.close()
        return GstRtspServer.RTSPFilterResult.REMOVE

    def obey(line):
        words = line.split()
        if not words:
            return
        verb = words[0]
        if verb == 'quit':
            loop.quit()
        elif verb == 'disconnect':
            server.client_filter(close_client)
        elif verb in ('play', 'cut', 'pause', 'resume'):
            rest = words[1:]
            clip = None
            if verb in ('play', 'cut'):
                clip = clips.get(rest[0]) if rest else None
                if clip is None:
                    say(event='error', reason=f'no clip of that name: {" ".join(rest)}')
                    return
                rest = rest[1:]
            for mount in [mounts[rest[0]]] if rest and rest[0] in mounts else mounts.values():
                mount.command(verb, clip)
        else:
            say(event='error', reason=f'unknown command: {verb}')

    def listen():
        for line in sys.stdin:
            GLib.idle_add(lambda text=line: obey(text) and False)
        GLib.idle_add(loop.quit)

    threading.Thread(target=listen, daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    GLib.timeout_add_seconds(5, lambda: server.get_session_pool().cleanup() or True)
    loop.run()
    # Threads are daemons and clients are about to lose the connection anyway: leave at once.
    os._exit(0)


main()
