"""Registries on loopback, each a process of its own with a folder of its own: `with DockerRegistry(…) as registry`."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request

PATIENCE = 10.0
DOCUMENTS = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address, process):
    host, port = address.split(":")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"bench: the registry does not start: {' '.join(process.args)}")


def check_copies(source, target, repository, copy, tags):
    """Stops unless each tag stands for the same in both, and every document and blob behind it is at the target."""
    def ask(method, address, name, path):
        request = urllib.request.Request(f"http://{address}/v2/{name}/{path}", method=method, headers={"Accept": DOCUMENTS})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.headers["Docker-Content-Digest"], answer.read()

    seen, waiting = set(), []
    for tag in tags:
        one, other = (ask("HEAD", *end, f"manifests/{tag}")[0] for end in ((source, repository), (target, copy)))
        if one != other:
            raise SystemExit(f"bench: {copy}:{tag} is {other}, and not {one}")
        waiting.append(one)
    while waiting:
        document = json.loads(ask("GET", target, copy, f"manifests/{waiting.pop()}")[1])
        waiting += [entry["digest"] for entry in document.get("manifests", [])]
        blobs = {blob["digest"] for blob in document.get("layers", []) + [document.get("config")] if blob}
        for digest in blobs - seen:
            ask("HEAD", target, copy, f"blobs/{digest}")
        seen |= blobs


class Registry:
    """`address` is host:port, `pid` the process whose time is the server's. The folder is gone afterwards."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def command(self):
        raise NotImplementedError

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.address = f"127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        try:
            wait_for(self.address, self.process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class SimulatedRegistry(Registry):
    """Where 50,000 images take no disk: see simulated.py."""

    name = "a simulated registry"

    def command(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "simulated.py")
        return [self.program, "-B", script, re.sub(".*:", "", self.address)]


class CraneRegistry(Registry):
    name = "crane's registry"

    def command(self):
        return [self.program, "registry", "serve", "--address", self.address, "--disk", self.folder]


class DockerRegistry(Registry):
    name = "docker-registry"

    def command(self):
        configuration = os.path.join(self.folder, "config.yml")
        with open(configuration, "w") as out:
            out.write("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n")
            out.write(f"storage: {{filesystem: {{rootdirectory: {self.folder}}}}}\nhttp: {{addr: '{self.address}'}}\n")
        return [self.program, "serve", configuration]


class EmbeddedRegistry(Registry):
    name = "imagebuild registry serve"

    def command(self):
        return [self.program, "registry", "serve", "--port", re.sub(".*:", "", self.address), "--root", self.folder]
