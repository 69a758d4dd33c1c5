"""Mirrors between registries on loopback, side by side with skopeo sync, crane and oras: first, again, and with a delay."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack

from layouts import make_tags
from measure import once, print_goals, series
from peers import peers
from registries import DockerRegistry, EmbeddedRegistry, SimulatedRegistry, check_copies
from wire import WireCounter, print_counts

# What skopeo remembers of registries: with it, a first copy is none.
SKOPEO_MEMORY = "/var/lib/containers/cache/blob-info-cache-v1.*"
# Tags of plans, of which memory, time and requests must depend in proportion; the edges of the largest mirror that is known.
PLANNED, EDGES = (5000, 50000), 920000
# Seconds that each request takes longer, as between machines that are far apart.
DELAY = 0.02


class Workload:
    """Repositories `images` with `tags` each. `most` requests are the goals of the first mirror and of the next ones."""

    def __init__(self, name, images, tags, first, again, layers):
        self.name, self.first, self.again, self.layers = name, first, again, layers
        self.images = [f"i{number:02}" for number in range(images)]
        self.tags = [f"v{number}" for number in range(tags)]


# 308 blobs and 150 manifests: eight layers of all images, and two for each tag and platform.
ONE = Workload(
    "50 tags, 2 platforms, 10 layers", 1, 50, 1690, 101,
    lambda image, tag, platform: [(8192, f"shared {n}") for n in range(8)]
    + [(8192, f"{n} of {tag} {platform}") for n in range(2)])
# A base of 1 MiB for each platform, and one layer for each tag and platform.
MANY = Workload(
    "20 images, 5 tags, 3 platforms", 20, 5, 2600, 200,
    lambda image, tag, platform: [(1 << 20, f"base {platform}"), (65536, f"{image} {tag} {platform}")])
PLATFORMS = {ONE: ["amd64", "arm64"], MANY: ["amd64", "arm64", "ppc64le"]}


class MirrorBench:
    def __init__(self, imagebuild, runs, cache):
        self.imagebuild, self.runs = os.path.abspath(imagebuild), runs
        self.cache, self.work = cache, os.path.join(cache, "mirror")
        self.log = os.path.join(cache, "log")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        self.crane, self.oras, self.docker_registry = peers(cache, "crane", "oras", "docker-registry")

    def registry(self, stack, name, kind):
        program = self.imagebuild if kind is EmbeddedRegistry else self.docker_registry
        return stack.enter_context(kind(program, f"{self.work}/{name}"))

    def fill(self, work, address):
        layout = f"{self.work}/layout"
        for image in work.images:
            make_tags(layout, work.tags, PLATFORMS[work], lambda tag, platform: work.layers(image, tag, platform))
            with open(self.log, "ab") as log:
                once(f"{self.imagebuild} copy oci:{layout} {address}/src/{image} --all-tags", log)
            shutil.rmtree(layout)

    def tools(self, work, prefix):
        """(name, command of source and destination address, prepare); `prefix` begins the destination's repositories."""
        images, tags = " ".join(work.images), " ".join(work.tags)
        home, state = f"{self.work}/home", f"{self.work}/state"

        def imagebuild(source, target, options=""):
            # The shell makes the destination's name, and so the file.
            lines = ["schema: 1", f"destinations: [{target}/$p]", "images:"]
            lines += [f"- {{from: {source}/src/{image}, to: {image}, tags: {{glob: [v*]}}}}" for image in work.images]
            text = "\\n".join(lines)
            return (f"p={prefix}; printf \"{text}\\n\" > {self.work}/mirror.yaml; "
                    f"{self.imagebuild} mirror {self.work}/mirror.yaml --plain-http {source} --plain-http {target} "
                    f"--state {state}-$p --exit-zero changed {options}")

        def skopeo(source, target):
            sync = f"HOME={home} XDG_DATA_HOME={home} skopeo --insecure-policy sync --all --src docker --dest docker"
            each = f"{sync} --src-tls-verify=false --dest-tls-verify=false {source}/src/$i {target}/$p"
            return f"p={prefix}; for i in {images}; do {each} || exit 1; done"

        def crane(source, target):
            return f"p={prefix}; for i in {images}; do {self.crane} copy -a {source}/src/$i {target}/$p/$i || exit 1; done"

        def oras(source, target):
            copy = f"{self.oras} cp -r --from-plain-http --to-plain-http {source}/src/$i:$t {target}/$p/$i:$t"
            return f"p={prefix}; for i in {images}; do for t in {tags}; do {copy} || exit 1; done; done"

        return [
            ("skopeo sync", skopeo, f"rm -rf {home} {SKOPEO_MEMORY}"), ("crane cp -a", crane, "true"),
            ("oras cp -r", oras, "true"), ("imagebuild mirror", imagebuild, f"rm -rf {state}-*"),
        ]

    def counted(self, commands, registries, again=False):
        """The requests of each command, counted in a run of its own; `again` in its second one."""
        counts = {}
        with ExitStack() as stack, open(self.log, "ab") as log:
            counters = [stack.enter_context(WireCounter(registry.address)) for registry in registries]
            for name, command, prepare in commands:
                subprocess.run(["sh", "-ec", prepare], check=True)
                for _ in range(2 if again else 1):
                    for counter in counters:
                        counter.take()
                    once(command(*(counter.address for counter in counters)), log)
                counts[name] = sum((counter.take() for counter in counters), [])
        print_counts(counts)
        return counts

    def timed(self, title, commands, registries, runs=None, servers=()):
        addresses = [registry.address for registry in registries]
        made = [(name, command(*addresses), prepare) for name, command, prepare in commands]
        return series(title, made, self.log, runs or self.runs, servers=servers)

    def of(self, work, kind):
        goals, title = [], f"{work.name}, {kind.name}"
        with ExitStack() as stack:
            registries = [self.registry(stack, name, kind) for name in ("source", "target")]
            servers = [registry.pid for registry in registries]
            self.fill(work, registries[0].address)
            first = self.tools(work, "first$(date +%s%N)")
            counts = self.counted(first, registries)
            results = self.timed(f"First mirror: {title}", first, registries, servers=servers)
            goals += [
                (f"first, {title}: requests", len(counts["imagebuild mirror"]), work.first),
                (f"first, {title}: peak MiB", max(run["peak"] for run in results["imagebuild mirror"].runs), 64),
            ] + against_peers(f"first, {title}", results)

            again = self.tools(work, "again")
            with open(self.log, "ab") as log:
                for _, command, prepare in again:
                    subprocess.run(["sh", "-ec", prepare], check=True)
                    once(command(*(registry.address for registry in registries)), log)
            for image in work.images:
                check_copies(*(registry.address for registry in registries), f"src/{image}", f"again/{image}", work.tags)
            mirror = again[-1][1]
            again[:] = [(name, command, "true") for name, command, _ in again]
            again.append(("imagebuild mirror, --trust-records", lambda *ends: mirror(*ends, "--trust-records"), "true"))
            # Each program had its turn in one repository: nothing is left to be done for any.
            counts = self.counted(again, registries, again=True)
            results = self.timed(f"No change: {title}", again, registries, servers=servers)
            for name, most in (("imagebuild mirror", work.again), (again[-1][0], len(work.images) * (len(work.tags) + 2))):
                others = [r for r in counts[name] if r.kind not in ("HEAD manifest", "GET tag", "HEAD blob")]
                goals += [
                    (f"again, {title}, {name}: requests", len(counts[name]), most),
                    (f"again, {title}, {name}: other than HEADs and listings", len(others), 0),
                ]
            goals += against_peers(f"again, {title}", results)
        return goals

    def far(self, work, kind=DockerRegistry):
        title = f"{work.name}, {kind.name}, {DELAY * 1000:.0f} ms more for each request"
        with ExitStack() as stack:
            registries = [self.registry(stack, name, kind) for name in ("source", "target")]
            self.fill(work, registries[0].address)
            far = [stack.enter_context(WireCounter(registry.address, DELAY)) for registry in registries]
            # The proxies run in this process, whose time is the wires'.
            results = self.timed(
                f"First mirror: {title}", self.tools(work, "far$(date +%s%N)"), far, min(self.runs, 3),
                [os.getpid(), *(registry.pid for registry in registries)])
        return [(f"first, {title}: wall / fastest peer", ratio(results, "wall"), 0.5)]

    def plans(self):
        """What plans take, of images that are there and of new ones, by their number."""
        goals = []
        print("\n### Plans\n\n| tags | requests | wall s | cpu s | peak MiB |\n|---|---|---|---|---|")
        with SimulatedRegistry(sys.executable, f"{self.work}/simulated") as registry, open(self.log, "ab") as log:
            for kind, target in (("unchanged", "has"), ("new", "lacks")):
                runs = [self.plan(registry, target, count, log) for count in PLANNED]
                for count, run in zip(PLANNED, runs):
                    print(f"| {count} {kind} | {run['requests']} | {run['wall']:.1f} | {run['cpu']:.1f} | {run['peak']:.1f} |", flush=True)
                few, many = runs
                more = PLANNED[1] - PLANNED[0]
                each = {what: (many[what] - few[what]) / more for what in few}
                print(f"| {EDGES} {kind}, in proportion | {each['requests'] * EDGES:.0f} | {each['wall'] * EDGES:.0f} "
                      f"| {each['cpu'] * EDGES:.0f} | {few['peak'] + each['peak'] * EDGES:.0f} |", flush=True)
                ratio = PLANNED[1] / PLANNED[0]
                goals += [
                    (f"plan of {PLANNED[1]} {kind} tags: KiB of memory for each", each["peak"] * 1024, 1),
                    (f"plan of {PLANNED[1]} {kind} tags: requests / those of {PLANNED[0]}", many["requests"] / few["requests"], ratio * 1.01),
                    (f"plan of {PLANNED[1]} {kind} tags: cpu / that of {PLANNED[0]}", many["cpu"] / few["cpu"], ratio * 1.25),
                ]
        return goals

    def plan(self, registry, target, count, log):
        file, out = f"{self.work}/plan.yaml", f"{self.work}/explained"
        with open(file, "w") as text:
            text.write(f"schema: 1\ndestinations: [{registry.address}/m]\nimages:\n"
                       f"- {{from: {registry.address}/has/{count}, to: {target}/{count}, tags: {{glob: [t*]}}}}\n")
        state = f"{self.work}/plan-{target}-{count}"
        command = f"{self.imagebuild} mirror {file} --plan {self.work}/plan.json --plain-http {registry.address} --state {state}"
        run = once(command, log)
        # Counted in a run of its own: what is said of each request is held by a file.
        once(f"{command} --explain 2> {out}", log)
        with open(out) as lines:
            run["requests"] = sum(1 for line in lines if line.startswith(("GET ", "HEAD ")))
        return run

    def sharded(self):
        """One worker and four, each behind a narrow line of its own."""
        if os.geteuid() != 0 or not shutil.which("tc") or not shutil.which("ip"):
            print("\nFour workers: not run; network namespaces and their shaping take root, and iproute2.")
            return []
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shards.py")
        command = ["unshare", "--mount", "--net", sys.executable, "-B", script, self.imagebuild, self.work]
        with open(self.log, "ab") as log:
            out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=log).stdout.decode()
        one, requests, _, four, more, again = map(float, out.split())
        print(f"\nOne worker {one:.1f} s and {requests:.0f} requests, four {four:.1f} s and {more:.0f}.")
        return [
            ("four workers: wall / one worker's", four / one, 1 / 3.4),
            ("four workers: requests / one worker's", more / requests, 1.05),
            ("four workers: blobs sent to a repository that had them", again, 0),
        ]

    def all(self):
        goals = []
        for kind in (DockerRegistry, EmbeddedRegistry):
            for work in (ONE, MANY):
                goals += self.of(work, kind)
        print_goals(goals + self.far(ONE) + self.sharded() + self.plans())


def ratio(results, what):
    peers_best = min(result.median(what) for name, result in results.items() if not name.startswith("imagebuild"))
    return results["imagebuild mirror"].median(what) / peers_best


def against_peers(title, results):
    return [(f"{title}: {what} / best peer", ratio(results, what), 1.0) for what in ("wall", "cpu")]
