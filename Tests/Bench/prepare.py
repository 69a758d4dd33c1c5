"""Prepares what is measured: an image's folder with real files.

usage: prepare.py CACHE IMAGE
"""

import os
import shutil
import sys

from archive import Archive

# OCI name: Debian's name, multiarch triplet, the loader's path in its binaries.
ARCHITECTURES = {
    "amd64": ("amd64", "x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2"),
    "arm64": ("arm64", "aarch64-linux-gnu", "lib/ld-linux-aarch64.so.1"),
    "ppc64le": ("ppc64el", "powerpc64le-linux-gnu", "lib64/ld64.so.2"),
}
# Ascending; the last one is there under its plain names too.
SUITES = ["bookworm", "trixie", "sid"]
DEFINITION = """schema: 1
name: bench
platforms: [linux/amd64, linux/arm64, linux/ppc64le]
revision: 0
files:
  - {source: "${arch}/usr", path: /usr}
  - {source: "${arch}/lib", path: /lib}
  - {source: "${arch}/lib64", path: /lib64}
platform-specific: ["/lib/**", "/lib64/**"]
"""


def copy(source, target, mode):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(os.path.realpath(source), target)
    os.chmod(target, mode)
    os.utime(target, (1700000000, 1700000000))


def prepare_workload(archive, image):
    """An image's folder with, for each architecture, the etcd pairs and the C library that they start with."""
    for architecture, (debian, triplet, loader) in ARCHITECTURES.items():
        root = os.path.join(image, architecture)
        shutil.rmtree(root, ignore_errors=True)
        for suite in SUITES:
            for package, program in [("etcd-server", "etcd"), ("etcd-client", "etcdctl")]:
                folder, version = archive.unpacked(package, suite, debian)
                names = [f"{program}-{version}"] + ([program] if suite == SUITES[-1] else [])
                for name in names:
                    copy(f"{folder}/usr/bin/{program}", f"{root}/usr/local/bin/{name}", 0o555)
        libc, _ = archive.unpacked("libc6", "trixie", debian)
        copy(f"{libc}/usr/lib/{triplet}/libc.so.6", f"{root}/lib/{triplet}/libc.so.6", 0o755)
        copy(f"{libc}/usr/lib/{triplet}/{os.path.basename(loader)}", f"{root}/{loader}", 0o755)
        os.makedirs(f"{root}/lib64", exist_ok=True)
    with open(os.path.join(image, "image.yaml"), "w") as out:
        out.write(DEFINITION)


prepare_workload(Archive(sys.argv[1]), sys.argv[2])
