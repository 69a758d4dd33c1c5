"""Writes small base images for Windows into an OCI layout, in the place of those that Microsoft's registry has.

A build pins a base by its documents and leaves its layers where they are: so the documents are whole, and the layers empty.

usage: windows_base.py LAYOUT
"""

import gzip
import hashlib
import json
import os
import sys

VERSIONS = {"1809": "10.0.17763.6414", "ltsc2022": "10.0.20348.2762", "ltsc2025": "10.0.26100.2033"}
TYPE = "application/vnd.oci.image."


def add(layout, content, media_type):
    """Bytes, or a document, as a blob of the layout: its descriptor."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    digest = hashlib.sha256(content).hexdigest()
    with open(os.path.join(layout, "blobs", "sha256", digest), "wb") as out:
        out.write(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def image(layout, tag, version):
    """One version's image: its entry in the layout's index."""
    tar = bytes(1024)
    config = {
        "architecture": "amd64", "os": "windows", "os.version": version, "created": "2024-10-04T12:34:56Z",
        "config": {"User": "ContainerUser", "Cmd": ["c:\\windows\\system32\\cmd.exe"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
        "history": [{"created": "2024-10-04T12:34:56Z", "created_by": f"Apply image {version}"}],
    }
    layer = add(layout, gzip.compress(tar, mtime=0), TYPE + "layer.v1.tar+gzip")
    manifest = {
        "schemaVersion": 2, "mediaType": TYPE + "manifest.v1+json",
        "config": add(layout, config, TYPE + "config.v1+json"), "layers": [layer],
    }
    entry = add(layout, manifest, TYPE + "manifest.v1+json")
    return {**entry, "annotations": {"org.opencontainers.image.ref.name": tag}}


def write(layout):
    os.makedirs(os.path.join(layout, "blobs", "sha256"), exist_ok=True)
    manifests = [image(layout, tag, version) for tag, version in VERSIONS.items()]
    with open(os.path.join(layout, "oci-layout"), "w") as out:
        json.dump({"imageLayoutVersion": "1.0.0"}, out)
    with open(os.path.join(layout, "index.json"), "w") as out:
        json.dump({"schemaVersion": 2, "mediaType": TYPE + "index.v1+json", "manifests": manifests}, out)


if __name__ == "__main__":
    write(*sys.argv[1:])
