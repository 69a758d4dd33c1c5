"""Proving the committed lock of etcd: every signature, and the definition resolved again from the signed indexes."""

import os
import shutil
import subprocess

from measure import print_goals, series

IMAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "images")


class ProofBench:
    def __init__(self, imagebuild, runs, cache):
        self.imagebuild, self.runs, self.cache = os.path.abspath(imagebuild), runs, cache
        self.folder = os.path.join(cache, "proof")

    def all(self):
        images, store, log = (os.path.join(self.folder, name) for name in ("images", "store", "log"))
        os.makedirs(self.folder, exist_ok=True)
        shutil.rmtree(images, ignore_errors=True)
        shutil.copytree(IMAGES, images)
        check = f"{self.imagebuild} lock {images}/etcd --check --store {store}"
        print("bench: fetching the signed indexes that etcd's lock names", flush=True)
        # It may be stale by now, which takes nothing from its proof.
        subprocess.run(["sh", "-c", check], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        excerpts = f"{store}/records/index-excerpts"
        command = f"{check} --offline"
        results = series("Proving a lock of three platforms", [
            ("indexes decoded", command, f"rm -rf {excerpts}"), ("indexes asked before", command, "true"),
        ], log, max(self.runs, 9))
        print_goals([("proving what was asked before, wall s", results["indexes asked before"].median("wall"), 0.100)])
