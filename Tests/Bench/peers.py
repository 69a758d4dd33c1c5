"""Other programs, as Debian's newest suite has them, verified and unpacked into a cache folder. Prints their paths.
One of another suite is called by both: cosign@trixie becomes cosign-trixie.

usage: peers.py CACHE PROGRAM[@SUITE]...
"""

import os
import subprocess
import sys

from archive import Archive

# None of them needs more than an older suite's C library, if any.
SUITE = "sid"


def peers(cache, *names):
    """Their paths. By another process: the memory of this one would show as that of the commands that it starts."""
    command = [sys.executable, "-B", os.path.abspath(__file__), cache, *names]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().split()


def main(cache, *names):
    archive = Archive(os.path.abspath(cache))
    machine = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True).stdout.decode().strip()
    folder = os.path.join(archive.cache, "bin")
    os.makedirs(folder, exist_ok=True)
    for name in names:
        package, _, suite = name.partition("@")
        program = os.path.join(archive.unpacked(package, suite or SUITE, machine)[0], "usr/bin", package)
        link = os.path.join(folder, name.replace("@", "-"))
        if not os.path.islink(link):
            os.symlink(os.path.relpath(program, folder), link)
        print(link)


if __name__ == "__main__":
    main(*sys.argv[1:])
