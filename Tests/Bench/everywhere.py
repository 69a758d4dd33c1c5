"""Prepares images/etcd, all its platforms, for measuring: the repository's lock, to which Windows is added on small bases in
the place of Microsoft's own; fetched and compiled."""

import filecmp
import json
import os
import shutil
import subprocess

import windows_base

IMAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "images")
REPOSITORY = "mcr.microsoft.com/windows/nanoserver"
LOCK = ("image.lock.json", "lock")


def copy_images(folder):
    """The repository's images, and whether their lock has Windows already: the one that an earlier run extended, if the
    repository's is still the same, so that the same bytes are measured."""
    target, kept = os.path.join(folder, "images"), os.path.join(folder, "kept")
    etcd = os.path.join(target, "etcd")
    own = os.path.join(folder, "own.lock.json")
    is_known = os.path.exists(own) and filecmp.cmp(own, os.path.join(IMAGES, "etcd", LOCK[0]), shallow=False)
    shutil.rmtree(kept, ignore_errors=True)
    if is_known:
        os.makedirs(kept)
        for name in LOCK:
            shutil.move(os.path.join(etcd, name), os.path.join(kept, name))
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(IMAGES, target)
    if is_known:
        os.remove(os.path.join(etcd, LOCK[0]))
        shutil.rmtree(os.path.join(etcd, LOCK[1]))
        for name in LOCK:
            shutil.move(os.path.join(kept, name), os.path.join(etcd, name))
    return is_known


def lock_windows(imagebuild, folder, image, store):
    """Adds Windows to the lock, next to the Linux platforms, which stay as they are."""
    bases = os.path.join(folder, "bases")
    shutil.rmtree(bases, ignore_errors=True)
    windows_base.write(bases)
    registry = subprocess.Popen(
        [imagebuild, "registry", "serve", "--port", "0", "--root", os.path.join(folder, "registry")],
        stdout=subprocess.PIPE, text=True)
    try:
        host = registry.stdout.readline().split("//")[-1].split("/")[0].strip()
        copy = [imagebuild, "copy", f"oci:{bases}", f"{host}/{REPOSITORY.split('/', 1)[1]}", "--all-tags"]
        subprocess.run(copy, check=True, stdout=subprocess.DEVNULL)
        mirrors = {**os.environ, "IMAGEBUILD_MIRRORS": f"{REPOSITORY.split('/')[0]}/={host}/"}
        lock = [imagebuild, "lock", image, "--platform", "windows", "--store", store]
        subprocess.run(lock, check=True, stdout=subprocess.DEVNULL, env=mirrors)
    finally:
        registry.terminate()
        registry.wait()
    shutil.copy(os.path.join(IMAGES, "etcd", LOCK[0]), os.path.join(folder, "own.lock.json"))


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
    image, out, store = (os.path.join(folder, name) for name in ("images/etcd", "out", "store"))
    if not copy_images(folder):
        lock_windows(imagebuild, folder, image, store)
    command = f"{imagebuild} build {image} --all --locked --output oci:{out} --store {store}"
    print("bench: preparing etcd for all platforms; the first time its programs are compiled", flush=True)
    subprocess.run(["sh", "-c", f"rm -rf {out}; {command}"], check=True, stdout=subprocess.DEVNULL)
    found = layers(out)
    listing = os.path.join(folder, "layers")
    with open(listing, "w") as file:
        file.writelines(os.path.join(store, "blobs", *digest.split(":")) + "\n" for digest in found)
    fresh = f"rm -rf {out} {store}/records/layers {store}/records/builds && xargs rm -f < {listing}"
    return command, fresh
