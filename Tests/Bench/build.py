"""Building, side by side with other builders on the same bytes."""

import json
import os
import shutil
import subprocess
import sys

import everywhere
from measure import print_goals, series
from peers import peers
from registries import CraneRegistry

HERE = os.path.dirname(os.path.abspath(__file__))
ARCHITECTURES = ["amd64", "arm64", "ppc64le"]


def size_of(folder):
    return sum(os.lstat(os.path.join(top, name)).st_size for top, _, names in os.walk(folder) for name in names)


def layer_size(layout):
    """Bytes of the layers of a layout's newest image."""
    def document(entry):
        with open(os.path.join(layout, "blobs", *entry["digest"].split(":"))) as file:
            return json.load(file)

    entry = json.load(open(os.path.join(layout, "index.json")))["manifests"][-1]
    while "manifests" in (value := document(entry)):
        entry = value["manifests"][0]
    return sum(layer["size"] for layer in value["layers"])


class BuildBench:
    def __init__(self, imagebuild, runs, cache):
        self.imagebuild, self.runs, self.cache = os.path.abspath(imagebuild), runs, cache
        self.work = os.path.join(cache, "work")
        self.log = os.path.join(cache, "log")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        self.image = os.path.join(self.work, "image")
        # In another process: the memory of this one would show as that of the commands that it starts.
        subprocess.run([sys.executable, "-B", f"{HERE}/prepare.py", cache, self.image], check=True)
        self.umoci, self.crane = peers(cache, "umoci", "crane")

    def build(self, options, name):
        out, store = f"{self.work}/{name}.oci", f"{self.work}/{name}.store"
        command = f"{self.imagebuild} build {self.image} {options} --output oci:{out} --store {store}"
        return command, f"rm -rf {out} {store}", out

    def layer(self):
        w, root = self.work, f"{self.image}/amd64"
        print(f"One layer: three etcd pairs, the newest twice, and libc: {size_of(root)} bytes in files.")
        tar = f"tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C {root} -cf -"
        subprocess.run([self.umoci, "init", "--layout", f"{w}/empty"], check=True)
        subprocess.run([self.umoci, "new", "--image", f"{w}/empty:b"], check=True)
        command, fresh, out = self.build("--arch amd64", "layer")
        results = series("One layer", [
            ("tar, gzip -6", f"{tar} . | gzip -6n > {w}/layer.tgz", f"rm -f {w}/layer.tgz"),
            ("umoci insert", f"{self.umoci} insert --image {w}/u:b --tag w1 {root} /", f"rm -rf {w}/u; cp -r {w}/empty {w}/u"),
            ("imagebuild", command, fresh),
        ], self.log, self.runs)
        sizes = {"tar, gzip -6": os.path.getsize(f"{w}/layer.tgz"), "umoci insert": layer_size(f"{w}/u"), "imagebuild": layer_size(out)}
        print("\nCompressed: " + ", ".join(f"{name} {size}" for name, size in sizes.items()) + " bytes.")
        self.compare_cores()
        return results, sizes

    def compare_cores(self):
        digests = set()
        for cores in ("0", f"0-{(os.cpu_count() or 1) - 1}"):
            command, fresh, _ = self.build("--arch amd64", "cores")
            subprocess.run(["sh", "-ec", fresh], check=True)
            done = subprocess.run(["taskset", "-c", cores, "sh", "-c", command], check=True, capture_output=True)
            digests.add(done.stdout)
        print("On one core and on all: " + ("the same digest." if len(digests) == 1 else f"DIFFERENT: {digests}"))

    def job(self):
        w = self.work
        steps = [
            f"tar -C {self.image}/{a} -cf {w}/{a}.tar . && {self.crane} append --oci-empty-base -f {w}/{a}.tar -t $R:{a}"
            for a in ARCHITECTURES
        ]
        members = " ".join(f"-m $R:{a}" for a in ARCHITECTURES)
        command, fresh, _ = self.build("--all", "job")
        # For the builder that can only write to one.
        with CraneRegistry(self.crane, f"{w}/registry") as registry:
            # A repository never used before: else it only asks what is there.
            crane = f"R={registry.address}/bench$(date +%s%N); " + " && ".join(steps) + f" && {self.crane} index append {members} -t $R:all"
            return series("Three architectures, from files to an index", [
                ("crane append x 3, crane index append", crane, f"rm -rf {w}/registry/*"), ("imagebuild", command, fresh),
            ], self.log, self.runs, servers=[registry.pid])

    def again(self):
        command, fresh, _ = self.build("--all", "again")
        subprocess.run(["sh", "-ec", f"{fresh}; {command}"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return series("No change, three architectures", [("imagebuild", command, "true")], self.log, max(self.runs, 9))

    def everywhere(self):
        """Linux and Windows in one index: only the layers are missing, then nothing is."""
        command, fresh = everywhere.prepare(self.imagebuild, self.cache)
        cold = series("etcd for all platforms, programs compiled, no layers", [("imagebuild", command, fresh)], self.log, self.runs)
        again = series("etcd for all platforms, no change", [("imagebuild", command, "true")], self.log, max(self.runs, 9))
        return cold["imagebuild"], again["imagebuild"]

    def all(self):
        layer, sizes = self.layer()
        print_goals(goals(layer, sizes, self.job(), self.again(), self.everywhere()))


def goals(layer, sizes, job, again, everywhere):
    gzip, umoci, ours = layer["tar, gzip -6"], layer["umoci insert"], layer["imagebuild"]
    crane, whole = job.values()
    peak = max(run["peak"] for result in (ours, whole, again["imagebuild"], *everywhere) for run in result.runs)
    return [
        ("layer, wall / gzip -6", ours.median("wall") / gzip.median("wall"), 0.125),
        ("layer, cpu / gzip -6", ours.median("cpu") / gzip.median("cpu"), 0.25),
        ("layer, wall / umoci", ours.median("wall") / umoci.median("wall"), 0.75),
        ("layer, size / umoci", sizes["imagebuild"] / sizes["umoci insert"], 0.75),
        ("three architectures, wall / crane", whole.median("wall") / crane.median("wall"), 0.35),
        ("no change, wall s", again["imagebuild"].median("wall"), 0.040),
        ("no change, Windows too, wall s", everywhere[1].median("wall"), 0.060),
        ("peak memory, MiB", peak, 200),
    ]
