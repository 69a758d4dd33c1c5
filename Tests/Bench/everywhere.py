"""Prepares images/etcd, all its platforms, for measuring: locked on small bases in the place of Windows' own, fetched and compiled."""

import json
import os
import shutil
import subprocess

import windows_base

REPOSITORY = "mcr.microsoft.com/windows/nanoserver"
IMAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "images")


def copy_images(folder):
    """The repository's images, with the lock that an earlier run made, so that the same bytes are measured.

    The repository's own lock lacks Windows, so it is left away: the first build makes one for all platforms.
    """
    target, kept = os.path.join(folder, "images"), os.path.join(folder, "kept")
    shutil.rmtree(kept, ignore_errors=True)
    os.makedirs(kept)
    for name in ("image.lock.json", "lock"):
        old = os.path.join(target, "etcd", name)
        if os.path.exists(old):
            shutil.move(old, os.path.join(kept, name))
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(IMAGES, target)
    os.remove(os.path.join(target, "etcd", "image.lock.json"))
    shutil.rmtree(os.path.join(target, "etcd", "lock"))
    for name in os.listdir(kept):
        shutil.move(os.path.join(kept, name), os.path.join(target, "etcd", name))
    definition = os.path.join(target, "etcd", "image.yaml")
    text = open(definition).read()
    assert REPOSITORY in text
    with open(definition, "w") as out:
        out.write(text.replace(REPOSITORY, "oci:../../bases"))


def layers(layout):
    """The digests of all layers of a layout that are in it."""
    def blob(entry):
        return os.path.join(layout, "blobs", *entry["digest"].split(":"))

    waiting, found = json.load(open(os.path.join(layout, "index.json")))["manifests"], set()
    while waiting:
        document = json.load(open(blob(waiting.pop())))
        waiting += document.get("manifests", [])
        found |= {layer["digest"] for layer in document.get("layers", []) if os.path.exists(blob(layer))}
    return sorted(found)


def prepare(imagebuild, cache):
    """The command that builds all platforms, and the one that takes away the layers alone."""
    folder = os.path.join(cache, "everywhere")
    os.makedirs(folder, exist_ok=True)
    copy_images(folder)
    windows_base.write(os.path.join(folder, "bases"))
    image, out, store = (os.path.join(folder, name) for name in ("images/etcd", "out", "store"))
    command = f"{imagebuild} build {image} --all --output oci:{out} --store {store}"
    print("bench: preparing etcd for all platforms; the first time its programs are compiled", flush=True)
    subprocess.run(["sh", "-c", f"rm -rf {out}; {command}"], check=True, stdout=subprocess.DEVNULL)
    found = layers(out)
    listing = os.path.join(folder, "layers")
    with open(listing, "w") as file:
        file.writelines(os.path.join(store, "blobs", *digest.split(":")) + "\n" for digest in found)
    fresh = f"rm -rf {out} {store}/records/layers {store}/records/builds && xargs rm -f < {listing}"
    return command, fresh
