"""Packages of a signed Debian archive, verified and unpacked into a cache folder. Standard library, gpgv and dpkg-deb."""

import hashlib
import lzma
import os
import re
import subprocess
import urllib.request

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror():
    """IMAGEBUILD_DEBIAN_MIRROR, else the machine's own, else the project's."""
    if os.environ.get("IMAGEBUILD_DEBIAN_MIRROR"):
        return os.environ["IMAGEBUILD_DEBIAN_MIRROR"].rstrip("/")
    places = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]
    for place in filter(os.path.exists, places):
        found = re.search(r"^(?:URIs:|deb)\s+(?:\[.*?\]\s+)?(https?://\S+/debian)/?(?:\s|$)", open(place).read(), re.M)
        if found:
            return found.group(1)
    return "https://ftp.debian.org/debian"


class Archive:
    def __init__(self, cache):
        self.cache = cache
        self.base = mirror()
        self.suites = {}
        os.makedirs(os.path.join(cache, "deb"), exist_ok=True)

    def _get(self, path, sha256=None):
        with urllib.request.urlopen(f"{self.base}/{path}", timeout=60) as answer:
            data = answer.read()
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise SystemExit(f"bench: {path} does not have the SHA-256 that its signed index gives")
        return data

    def _release(self, suite):
        """The signed text of a suite's InRelease. An expired one will do: nothing here is shipped."""
        file = os.path.join(self.cache, f"{suite}.InRelease")
        with open(file, "wb") as out:
            out.write(self._get(f"dists/{suite}/InRelease"))
        # Its exit status says nothing: it fails when any of several signatures is by a key that it does not know.
        done = subprocess.run(
            ["gpgv", "--status-fd", "2", "--keyring", KEYRING, "--output", "-", file], capture_output=True)
        if b"GOODSIG" not in done.stderr or b"BADSIG" in done.stderr:
            raise SystemExit(f"bench: the InRelease of {suite} has no good signature")
        return done.stdout.decode()

    def _packages(self, suite, architecture):
        key = (suite, architecture)
        if key not in self.suites:
            path = f"main/binary-{architecture}/Packages.xz"
            sums = self._release(suite).split("SHA256:", 1)[1]
            sha256 = re.search(rf"^ ([0-9a-f]{{64}})\s+\d+ {re.escape(path)}$", sums, re.M).group(1)
            text = lzma.decompress(self._get(f"dists/{suite}/{path}", sha256)).decode()
            self.suites[key] = text.split("\n\n")
        return self.suites[key]

    def unpacked(self, package, suite, architecture):
        """The folder that holds a package's files, and its upstream version."""
        folder = os.path.join(self.cache, "deb", f"{suite}-{architecture}-{package}")
        done = os.path.join(folder, ".version")
        if not os.path.exists(done):
            stanza = next(s for s in self._packages(suite, architecture) if s.startswith(f"Package: {package}\n"))
            field = dict(re.findall(r"^([A-Za-z0-9-]+): (.*)$", stanza, re.M))
            deb = folder + ".deb"
            with open(deb, "wb") as out:
                out.write(self._get(field["Filename"], field["SHA256"]))
            subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
            with open(done, "w") as out:
                out.write(re.split(r"[-+~]", field["Version"].split(":")[-1])[0])
        return folder, open(done).read()
