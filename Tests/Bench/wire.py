"""Counts the requests of the distribution protocol that go over the wire: a proxy before a registry."""

import collections
import re
import socket
import threading
import time

PIECE = 1 << 18
Request = collections.namedtuple("Request", "kind method target sent received")


def kind(method, path):
    """What a request is for, as reports name it."""
    path = path.split("?")[0]
    if "/blobs/uploads/" in path:
        # The end of an upload is a PUT to the place that its POST gave.
        return {"PUT": "PUT blob"}.get(method, method)
    found = re.search(r"/(blob|manifest|referrer|tag)s/", path)
    return f"{method} {found.group(1) if found else 'other'}"


class WireCounter:
    """Listens on `address`, hands everything to the registry and notes each request. Costs time: never time what runs through it.

    HTTP/1.1, one request after the other on a connection; the Host header stays the client's, so that a registry's Location
    leads back here. Each request takes `delay` seconds longer.
    """

    def __init__(self, registry, delay=0, host="127.0.0.1"):
        self.registry, self.delay, self.requests = registry, delay, []
        self.listener = socket.create_server((host, 0))
        self.address = f"{host}:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def take(self):
        """The requests since the last time, in the order in which they ended."""
        taken, self.requests = self.requests, []
        return taken

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        host, port = self.registry.split(":")
        try:
            with client, socket.create_connection((host, int(port))) as server:
                requests, answers = client.makefile("rb"), server.makefile("rb")
                while self._exchange(requests, server, answers, client):
                    pass
        except OSError:
            pass  # an end that closes its connection ends the other one

    def _exchange(self, requests, server, answers, client):
        head = read_head(requests)
        if not head or head[0].count(" ") != 2:
            return False  # closed; or no HTTP, as where a client tries TLS first
        method, path, _ = head[0].split(" ")
        time.sleep(self.delay)
        server.sendall(text(head))
        sent = relay_body(requests, server, head, until_close=False)
        answer = read_head(answers)
        if not answer:
            return False
        status = int(answer[0].split(" ")[1])
        client.sendall(text(answer))
        bodiless = method == "HEAD" or status in (204, 304)
        received = 0 if bodiless else relay_body(answers, client, answer, until_close=True)
        self.requests.append(Request(kind(method, path), method, path, sent, received))
        return True


def read_head(stream):
    """The lines of a message's head, without line ends; none where the connection was closed, or a client tries TLS."""
    lines = []
    if stream.peek(1)[:1] == b"\x16":
        return lines
    while (line := stream.readline(1 << 16)) not in (b"\r\n", b"\n", b""):
        lines.append(line.decode("latin-1").rstrip("\r\n"))
    return lines


def text(head):
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")


def field(head, name):
    return next((line.split(":", 1)[1].strip() for line in head[1:] if line.lower().startswith(name + ":")), None)


def relay(stream, other, count):
    while count > 0 and (piece := stream.read(min(count, PIECE))):
        other.sendall(piece)
        count -= len(piece)


def relay_body(stream, other, head, until_close):
    """Hands on a body in any of its three forms; its bytes."""
    if (field(head, "transfer-encoding") or "").lower() == "chunked":
        total = 0
        while True:
            line = stream.readline(1 << 16)
            other.sendall(line)
            size = int(line.split(b";")[0], 16)
            relay(stream, other, size + 2)  # and the line's end; after the last chunk, that of no trailers
            total += size
            if size == 0:
                return total
    length = field(head, "content-length")
    if length is None and until_close:
        total = 0
        while piece := stream.read1(PIECE):
            other.sendall(piece)
            total += len(piece)
        return total
    relay(stream, other, int(length or 0))
    return int(length or 0)


def print_counts(counts):
    """Prints how many requests of each kind each program sent, and the bytes of bodies both ways."""
    kinds = sorted({request.kind for requests in counts.values() for request in requests})
    print(f"\n| requests | {' | '.join(kinds)} | all | bytes up | bytes down |\n|{'---|' * (len(kinds) + 4)}")
    for name, requests in counts.items():
        by_kind = collections.Counter(request.kind for request in requests)
        cells = [by_kind[kind] for kind in kinds]
        cells += [len(requests), sum(request.sent for request in requests), sum(request.received for request in requests)]
        print(f"| {name} | {' | '.join(map(str, cells))} |", flush=True)
