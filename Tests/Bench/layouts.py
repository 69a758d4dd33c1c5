"""OCI layouts to copy: images of noise, and what is in a layout."""

import hashlib
import json
import os
import random

MEBIBYTE = 1 << 20
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
REF_NAME = "org.opencontainers.image.ref.name"


def _write(layout, pieces):
    """A blob of these pieces: its descriptor without a media type. A piece that is a number is a hole of so many bytes."""
    folder = os.path.join(layout, "blobs/sha256")
    os.makedirs(folder, exist_ok=True)
    path, digest = os.path.join(folder, "new"), hashlib.sha256()
    hole = bytes(MEBIBYTE)
    with open(path, "wb") as out:
        for piece in pieces:
            if isinstance(piece, int):
                out.seek(piece, os.SEEK_CUR)
                for start in range(0, piece, MEBIBYTE):
                    digest.update(hole[: piece - start])
            else:
                out.write(piece)
                digest.update(piece)
        out.truncate()
        size = out.tell()
    os.rename(path, os.path.join(folder, digest.hexdigest()))
    return {"digest": f"sha256:{digest.hexdigest()}", "size": size}


def noise(mebibytes, seed):
    """Incompressible, the same for the same seed."""
    source = random.Random(seed)
    return (source.randbytes(MEBIBYTE) for _ in range(mebibytes))


def make_image(layout, tag, layers):
    """An image of these layers, each an iterable of pieces. Nobody unpacks it: its layers are no tar archives."""
    descriptors = [_write(layout, pieces) | {"mediaType": "application/vnd.oci.image.layer.v1.tar"} for pieces in layers]
    configuration = {
        "architecture": "amd64", "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in descriptors]},
    }
    config = _write(layout, [json.dumps(configuration).encode()]) | {"mediaType": "application/vnd.oci.image.config.v1+json"}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": descriptors}
    entry = _write(layout, [json.dumps(manifest).encode()]) | {"mediaType": MANIFEST, "annotations": {REF_NAME: tag}}
    with open(os.path.join(layout, "index.json"), "w") as out:
        json.dump({"schemaVersion": 2, "manifests": [entry]}, out)
    with open(os.path.join(layout, "oci-layout"), "w") as out:
        out.write('{"imageLayoutVersion": "1.0.0"}')


def make_tags(layout, tags, platforms, layers):
    """An index of these platforms for each tag; `layers` gives the (size, seed) of each layer of a tag's platform."""
    named = []
    for tag in tags:
        entries = []
        for platform in platforms:
            found = [
                _write(layout, [random.Random(seed).randbytes(size)]) | {"mediaType": "application/vnd.oci.image.layer.v1.tar"}
                for size, seed in layers(tag, platform)
            ]
            configuration = {
                "architecture": platform, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [one["digest"] for one in found]},
                "config": {"Labels": {"tag": tag, "layers": found[-1]["digest"]}},
            }
            config = _write(layout, [json.dumps(configuration).encode()]) | {"mediaType": "application/vnd.oci.image.config.v1+json"}
            manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": found}
            entries.append(_write(layout, [json.dumps(manifest).encode()]) | {
                "mediaType": MANIFEST, "platform": {"architecture": platform, "os": "linux"}})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        named.append(_write(layout, [json.dumps(index).encode()]) | {"mediaType": INDEX, "annotations": {REF_NAME: tag}})
    with open(os.path.join(layout, "index.json"), "w") as out:
        json.dump({"schemaVersion": 2, "manifests": named}, out)
    with open(os.path.join(layout, "oci-layout"), "w") as out:
        out.write('{"imageLayoutVersion": "1.0.0"}')


def contents(layout):
    """Of a layout's newest image: its tag, its documents' count, its blobs' sizes by digest."""
    entry = json.load(open(os.path.join(layout, "index.json")))["manifests"][-1]
    documents, blobs, waiting = set(), {}, [entry]
    while waiting:
        digest = waiting.pop()["digest"]
        documents.add(digest)
        document = json.load(open(os.path.join(layout, "blobs", *digest.split(":"))))
        waiting += document.get("manifests", [])
        for blob in document.get("layers", []) + ([document["config"]] if "config" in document else []):
            blobs[blob["digest"]] = blob["size"]
    return entry["annotations"][REF_NAME], len(documents), blobs
