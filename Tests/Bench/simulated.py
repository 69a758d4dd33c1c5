"""A registry that exists in its answers alone: the repository `has/N` has N tags, each an image of its own; `lacks/N` is new.

usage: simulated.py PORT
"""

import asyncio
import hashlib
import json
import re
import sys

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def image(tag):
    """The manifest that a tag stands for, the same everywhere."""
    def blob(kind, name, size):
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": "sha256:" + hashlib.sha256(f"{name} {tag}".encode()).hexdigest(), "size": size}

    layers = [blob("layer.v1.tar+gzip", "layer", 1000000)]
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": blob("config.v1+json", "config", 1000), "layers": layers}).encode()


class Images:
    def __init__(self):
        self.tags = {}  # by digest, of what was asked for by tag

    def answer(self, path, query):
        """Status, fields and body."""
        count = int(re.search(r"/(\d+)/", path + "/").group(1)) if re.search(r"/\d+/", path + "/") else 0
        if path == "/v2/":
            return 200, {}, b"{}"
        if "/lacks/" in path or "/referrers/" in path or "/blobs/" in path:
            return 404, {}, b""
        if path.endswith("/tags/list"):
            fields = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
            first, size = int(fields.get("last", "t-1")[1:]) + 1, int(fields.get("n", 1000))
            last = min(first + size, count)
            body = json.dumps({"name": "x", "tags": [f"t{number:07}" for number in range(first, last)]}).encode()
            more = {"Link": f"<{path}?n={size}&last=t{last - 1:07}>; rel=\"next\""} if last < count else {}
            return 200, more | {"Content-Type": "application/json"}, body
        name = path.rsplit("/", 1)[1]
        tag = self.tags.get(name, name)
        if not tag.startswith("t"):
            return 404, {}, b""
        body = image(tag)
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        self.tags[digest] = tag
        return 200, {"Content-Type": MANIFEST, "Docker-Content-Digest": digest}, body


class Connection(asyncio.Protocol):
    def __init__(self, images):
        self.images, self.received = images, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, self.received = self.received.split(b"\r\n\r\n", 1)
            method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            path, _, query = target.partition("?")
            status, fields, body = self.images.answer(path, query)
            fields["Content-Length"] = len(body)
            lines = [f"HTTP/1.1 {status} X"] + [f"{name}: {value}" for name, value in fields.items()]
            text = ("\r\n".join(lines) + "\r\n\r\n").encode()
            self.transport.write(text if method == "HEAD" else text + body)


async def main(port):
    images = Images()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(images), "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
