"""Transfers to, from and between registries on loopback, side by side with skopeo, crane and oras."""

import os
import shutil
import subprocess
from contextlib import ExitStack

from layouts import MEBIBYTE, contents, make_image, noise
from measure import once, print_goals, series
from peers import peers
from registries import DockerRegistry, EmbeddedRegistry
from wire import WireCounter, print_counts

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What skopeo remembers of registries: with it, a first push is none.
SKOPEO_MEMORY = "/var/lib/containers/cache/blob-info-cache-v1.*"
# Sizes of one blob, of which the memory must not depend; MiB that the figure may waver by.
BLOB_SIZES = {"1 MB": 1, "64 MB": 64, "1 GB": 1024, "4 GB": 4096}
FLAT = 16


class Tool:
    """The command lines of a program that copies: from a layout, and between registries."""

    def __init__(self, name, push, copy, fresh="true"):
        self.name, self.push, self.copy, self.fresh = name, push, copy, fresh


class PushBench:
    def __init__(self, imagebuild, runs, cache):
        self.imagebuild, self.runs = os.path.abspath(imagebuild), runs
        self.cache, self.work = cache, os.path.join(cache, "push")
        self.log = os.path.join(cache, "log")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        crane, oras, self.docker_registry = peers(cache, "crane", "oras", "docker-registry")
        # As a user without a home of his own, so that skopeo's memory is where it can be forgotten.
        home = f"{self.work}/home"
        skopeo = f"HOME={home} XDG_DATA_HOME={home} skopeo --insecure-policy copy -q --all"
        self.tools = [
            Tool("skopeo", skopeo + " --dest-tls-verify=false oci:{layout}:{tag} docker://{to}",
                 skopeo + " --src-tls-verify=false --dest-tls-verify=false docker://{source} docker://{to}",
                 f"rm -rf {home} {SKOPEO_MEMORY}"),
            Tool("crane", crane + " push {layout} {to}", crane + " copy {source} {to}"),
            Tool("oras", oras + " cp --from-oci-layout --to-plain-http {layout}:{tag} {to}",
                 oras + " cp --from-plain-http --to-plain-http {source} {to}"),
            Tool("imagebuild", self.imagebuild + " copy oci:{layout}:{tag} {to}", self.imagebuild + " copy {source} {to}"),
        ]

    def registry(self, stack, name="registry", kind=DockerRegistry):
        program = self.imagebuild if kind is EmbeddedRegistry else self.docker_registry
        return stack.enter_context(kind(program, f"{self.work}/{name}"))

    def compare(self, title, commands, registries):
        """Counts the requests of each command once on the wire, then times them in turn.

        `commands` are (name, f, prepare), where f gives the command for the registries' addresses.
        """
        counts = {}
        with ExitStack() as stack:
            counters = [stack.enter_context(WireCounter(registry.address)) for registry in registries]
            with open(self.log, "ab") as log:
                for name, command, prepare in commands:
                    subprocess.run(["sh", "-ec", prepare], stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
                    once(command(*(counter.address for counter in counters)), log)
                    counts[name] = sum((counter.take() for counter in counters), [])
        addresses = [registry.address for registry in registries]
        timed = [(name, command(*addresses), prepare) for name, command, prepare in commands]
        results = series(title, timed, self.log, self.runs, servers=[registry.pid for registry in registries])
        print_counts(counts)
        return results, counts

    def etcd(self):
        """The layout of the etcd image, as this imagebuild builds it: its folder, its tag and what is in it."""
        layout = f"{self.work}/etcd.oci"
        store = os.path.join(self.cache, "store")
        subprocess.run(
            [self.imagebuild, "build", "etcd", "--all", "--locked", "--store", store, "--output", f"oci:{layout}"],
            check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.push_etcd = f"cd {REPOSITORY} && {self.imagebuild} push etcd --locked --store {store}"
        return layout, *contents(layout)

    def first_and_again(self, kind):
        layout, tag, documents, blobs = self.etcd()
        print(f"\nThe etcd image, {documents} documents, {len(blobs)} blobs, {sum(blobs.values())} bytes, to {kind.name}.")
        with ExitStack() as stack:
            registry = self.registry(stack, kind=kind)
            first, first_counts = self.compare(f"First push to {kind.name}", [
                (tool.name, pushing(tool, layout, tag, "{}/first$(date +%s%N):1"), tool.fresh) for tool in self.tools
            ], [registry])
            check_all_sent(first_counts, sum(blobs.values()))
            again = [(tool.name, pushing(tool, layout, tag, "{}/again:1"), "true") for tool in self.tools]
            again.append(("imagebuild push", lambda address: f"{self.push_etcd} {address}/built:1", "true"))
            with open(self.log, "ab") as log:
                for _, command, _ in again:
                    once(command(registry.address), log)
            repeated, repeated_counts = self.compare(f"No change, to {kind.name}", again, [registry])
        # Each blob may be asked for, begun and sent, each document sent: 31 for nine blobs and four documents.
        most = 3 * len(blobs) + documents
        goals = [
            (f"first push to {kind.name}, requests", len(first_counts["imagebuild"]), most),
            (f"first push to {kind.name}, wall / fastest peer", against_best(first), 1.0),
        ]
        for name in ("imagebuild", "imagebuild push"):
            goals += [
                (f"no change to {kind.name}, {name}, requests", len(repeated_counts[name]), 2),
                (f"no change to {kind.name}, {name}, cpu s", repeated[name].median("cpu"), 0.025),
            ]
        return goals

    def large(self):
        foreign, layout = f"{self.work}/foreign.oci", f"{self.work}/large.oci"
        make_image(foreign, "1", [noise(200, seed) for seed in range(5)])
        size = sum(contents(foreign)[2].values())
        gibibytes = size / 2**30
        goals = []
        with ExitStack() as stack, open(self.log, "ab") as log:
            source, target = self.registry(stack, "source"), self.registry(stack, "target")
            once(pushing(self.tools[1], foreign, "1", "{}/large:1")(source.address), log)
            # What imagebuild wrote itself it need not check again; what others wrote, it does.
            once(f"{self.imagebuild} copy {source.address}/large:1 oci:{layout}", log)
            to = "{}/first$(date +%s%N):1"
            commands = [(tool.name, pushing(tool, layout, "1", to), tool.fresh) for tool in self.tools]
            commands.append(("imagebuild, another's layout", pushing(self.tools[-1], foreign, "1", to), "true"))
            pushed, counts = self.compare("Push of five layers of 200 MiB from a layout", commands, [target])
            check_all_sent(counts, size)
            goals += [
                ("push of 1 GB, requests", len(counts["imagebuild"]), 19),
                ("push of 1 GB, cpu s / GiB", pushed["imagebuild"].median("cpu") / gibibytes, 0.40),
            ]
            copied, counts = self.compare("Registry to registry, five layers of 200 MiB", [
                (tool.name, copying(tool, "{}/large:1", to), tool.fresh) for tool in self.tools
            ], [source, target])
            goals += [
                ("registry to registry, requests", len(counts["imagebuild"]), 21),
                ("registry to registry, cpu s / GiB", copied["imagebuild"].median("cpu") / gibibytes, 0.95),
                ("registry to registry, wall / fastest peer", against_best(copied), 1.05),
            ]
            _, counts = self.compare("Within one registry, the same image", [
                (tool.name, within(tool, "large:1", "first$(date +%s%N):1"), tool.fresh) for tool in self.tools
            ], [source])
            blob_bytes = sum(max(r.sent, r.received) for r in counts["imagebuild"] if r.kind in ("PATCH", "PUT blob", "GET blob"))
            goals += [
                ("within one registry, requests", len(counts["imagebuild"]), 15),
                ("within one registry, bytes of blobs", blob_bytes, 0),
            ]
        for folder in (foreign, layout):
            shutil.rmtree(folder)
        return goals

    def memory(self):
        """The peaks of a push and of a copy between registries, by the size of the one blob."""
        peaks = {}
        layout = f"{self.work}/blob.oci"
        for name, mebibytes in BLOB_SIZES.items():
            with ExitStack() as stack, open(self.log, "ab") as log:
                # A hole: what the disk would have to hold, the registries have to hold already.
                make_image(layout, "1", [[*noise(1, mebibytes), (mebibytes - 1) * MEBIBYTE]])
                source, target = self.registry(stack, "source"), self.registry(stack, "target")
                push = pushing(self.tools[-1], layout, "1", "{}/blob:1")(source.address)
                copy = copying(self.tools[-1], "{}/blob:1", "{}/blob:1")(source.address, target.address)
                peaks[name] = [once(command, log)["peak"] for command in (push, copy)]
            shutil.rmtree(layout)
        print("\n### Memory of imagebuild by the size of a blob, MiB\n\n| blob | push | registry to registry |\n|---|---|---|")
        print("\n".join(f"| {name} | {push:.1f} | {copy:.1f} |" for name, (push, copy) in peaks.items()))
        goals = []
        for what, of in (("push", [push for push, _ in peaks.values()]), ("copy", [copy for _, copy in peaks.values()])):
            goals += [
                (f"{what} of a blob of any size, highest peak MiB", max(of), 64),
                (f"{what} of a blob of any size, peaks apart, MiB", max(of) - min(of), FLAT),
            ]
        return goals

    def all(self):
        goals = self.first_and_again(DockerRegistry) + self.first_and_again(EmbeddedRegistry)
        print_goals(goals + self.large() + self.memory())


def pushing(tool, layout, tag, to):
    return lambda address: tool.push.format(layout=layout, tag=tag, to=to.format(address))


def copying(tool, source, to):
    return lambda one, other: tool.copy.format(source=source.format(one), to=to.format(other))


def within(tool, source, to):
    return lambda address: tool.copy.format(source=f"{address}/{source}", to=f"{address}/{to}")


def check_all_sent(counts, size):
    """A first push that sends less has found something there: what is measured is something else."""
    for name, requests in counts.items():
        if (sent := sum(request.sent for request in requests)) < size:
            raise SystemExit(f"bench: {name} sent {sent} of {size} bytes to a repository that was to be empty")


def against_best(results):
    peers_best = min(result.median("wall") for name, result in results.items() if not name.startswith("imagebuild"))
    return results["imagebuild"].median("wall") / peers_best
