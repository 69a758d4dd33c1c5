"""One worker and four, each in a network namespace of its own whose line is as narrow as that of a far machine. As root, in a
network namespace of its own: unshare --mount --net. Prints the seconds and the requests of one worker and of four, and how
often a blob was sent to a repository that had it; stops unless both mirrors are whole.

usage: shards.py IMAGEBUILD FOLDER
"""

import os
import re
import subprocess
import sys
import time

from layouts import make_image, noise
from registries import EmbeddedRegistry, check_copies
from wire import WireCounter

WORKERS, REPOSITORIES, MEBIBYTES, RATE = 4, 16, 8, "40mbit"
HOST = "10.99.0.1"


def run(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


def make_lines():
    """A bridge, and a worker's namespace at the end of each line."""
    run(f"mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up && ip link add bridge0 type bridge && "
        f"ip address add {HOST}/24 dev bridge0 && ip link set bridge0 up")
    for number in range(1, WORKERS + 1):
        shape = f"root tbf rate {RATE} burst 64kb latency 200ms"
        run(f"ip netns add w{number} && ip link add v{number} type veth peer name eth0 netns w{number} && "
            f"ip link set v{number} master bridge0 up && ip -n w{number} address add 10.99.0.{10 + number}/24 dev eth0 && "
            f"ip -n w{number} link set eth0 up && tc qdisc add dev v{number} {shape} && "
            f"ip netns exec w{number} tc qdisc add dev eth0 {shape}")


def fill(imagebuild, folder, address):
    for number in range(REPOSITORIES):
        layout = f"{folder}/layout{number}"
        make_image(layout, "v1", [noise(MEBIBYTES, number)])
        run(f"{imagebuild} copy oci:{layout} {address}/src/i{number} --plain-http {address} && rm -rf {layout}")


def mirror(imagebuild, folder, name, ends, shards):
    """The seconds of so many workers at once."""
    file = f"{folder}/{name}.yaml"
    with open(file, "w") as out:
        out.write(f"schema: 1\ndestinations: [{ends[1]}/{name}]\nimages:\n")
        out.writelines(f"- {{from: {ends[0]}/src/i{number}, to: i{number}, tags: {{list: [v1]}}}}\n" for number in range(REPOSITORIES))
    plain = " ".join(f"--plain-http {end}" for end in ends)
    begin = time.monotonic()
    workers = [
        subprocess.Popen(
            f"ip netns exec w{number} {imagebuild} mirror {file} {plain} --shard {number}/{shards} "
            f"--state {folder}/{name}-{number} --store {folder}/store-{name}-{number} --exit-zero changed",
            shell=True, stdout=subprocess.DEVNULL)
        for number in range(1, shards + 1)
    ]
    if any([worker.wait() for worker in workers]):
        raise SystemExit("bench: a worker failed")
    return time.monotonic() - begin


def sent_again(requests):
    """How many blobs were sent to a repository once more."""
    # An upload ends with a PUT, or is one POST.
    ends = [request for request in requests if request.method == "PUT" or request.method == "POST" and request.sent]
    sent = [found.groups() for end in ends if (found := re.search("/v2/(.+)/blobs/uploads/.*digest=([^&]+)", end.target))]
    return len(sent) - len(set(sent))


class Served(EmbeddedRegistry):
    """The registry, where the namespaces reach it."""

    def __enter__(self):
        super().__enter__()
        self.counter = WireCounter(self.address, host=HOST)
        return self


def main(imagebuild, folder):
    make_lines()
    with Served(imagebuild, f"{folder}/source") as source, Served(imagebuild, f"{folder}/target") as target:
        fill(imagebuild, folder, source.counter.address)
        ends, results = (source.counter.address, target.counter.address), []
        for shards in (1, WORKERS):
            for end in (source, target):
                end.counter.take()
            seconds = mirror(imagebuild, folder, f"m{shards}", ends, shards)
            read, written = source.counter.take(), target.counter.take()
            results += [seconds, len(read) + len(written), sent_again(written)]
            for number in range(REPOSITORIES):
                check_copies(source.address, target.address, f"src/i{number}", f"m{shards}/i{number}", ["v1"])
        print(*results)


main(*sys.argv[1:])
