#!/usr/bin/env python3
"""Checks manifests/etcd and manifests/kubernetes: their documents against the schemas of current Kubernetes, and the commands of the first in the unpacked image.

usage: check.py [--image FOLDER]

Needs what requirements.txt beside this file lists. With the image's unpacked file system, which needs root, each container's command runs in it as the
manifest says: its user, a read-only root, its variables and volumes, in a network of its own.
"""

import argparse
import ctypes
import fcntl
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import urllib.request

import kubernetes_validate
import yaml

MANIFESTS = pathlib.Path(__file__).resolve().parents[2] / "manifests"
NOT_KUBERNETES = {"kustomization.yaml", "mirror.yaml"}
KUBERNETES = ["1.34", "1.35", "1.36", "1.37"]
DEADLINE = 120  # seconds for a container to do what it is for


def documents(folder):
    for path in sorted((MANIFESTS / folder).glob("*.yaml")):
        if path.name in NOT_KUBERNETES:
            continue
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def pod_of(document):
    """The pod that a document makes, or None."""
    if document["kind"] == "Pod":
        return document["spec"]
    if document["kind"] == "CronJob":
        document = document["spec"]["jobTemplate"]
    return document.get("spec", {}).get("template", {}).get("spec")


def validate():
    """Prints what the schemas, and the rules of these manifests, say against a document; returns how much it was."""
    faults = []
    for name, document in [*documents("etcd"), *documents("kubernetes")]:
        for version in KUBERNETES:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                faults.append(f"{name}: {document['kind']}: Kubernetes {version}: {error.message}")
        pod = pod_of(document)
        if pod is None:
            continue
        user = pod["securityContext"]
        if (user.get("runAsNonRoot"), user.get("runAsUser"), user.get("runAsGroup")) != (True, 65532, 65532):
            faults.append(f"{name}: the user is not 65532")
        volumes = {volume["name"] for volume in pod.get("volumes", []) + [
            {"name": claim["metadata"]["name"]} for claim in document["spec"].get("volumeClaimTemplates", [])]}
        for container in pod.get("initContainers", []) + pod["containers"]:
            label = f"{name}: container {container['name']}"
            if not container["securityContext"].get("readOnlyRootFilesystem"):
                faults.append(f"{label}: the root is not read-only")
            if "requests" not in container["resources"] or "memory" not in container["resources"].get("limits", {}):
                faults.append(f"{label}: no requests, or no limit of memory")
            if document["kind"] not in ("Job", "CronJob") and container in pod["containers"] and "livenessProbe" not in container:
                faults.append(f"{label}: no probe")
            for mount in container["volumeMounts"]:
                if mount["name"] not in volumes:
                    faults.append(f"{label}: there is no volume {mount['name']}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return len(faults)


def check_kustomization():
    """Whether kustomization.yaml names files that are there."""
    folder = MANIFESTS / "kubernetes"
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    files = kustomization["resources"] + [name for one in kustomization["configMapGenerator"] for name in one["files"]]
    for name in files:
        if not (folder / name).is_file():
            sys.exit(f"kustomization.yaml names {name}, which is not there")


LIBRARY = ctypes.CDLL(None, use_errno=True)


def unshare():
    """Gives this process mounts and a network of its own, with loopback alone."""
    if LIBRARY.unshare(0x00020000 | 0x40000000):  # CLONE_NEWNS, CLONE_NEWNET
        sys.exit(f"no namespaces of its own for the test: {os.strerror(ctypes.get_errno())}; run as root, in a container with CAP_SYS_ADMIN")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        fcntl.ioctl(anything, 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


class Node:
    """What is outside the containers: the image's files, and folders for the volumes."""

    def __init__(self, image, folder):
        self.root, self.folder = folder / "root", folder
        self.root.mkdir()
        subprocess.run(["mount", "--bind", image, self.root], check=True)
        for path in ("etc/hosts", "var/lib/etcd/.keep", "etc/etcd/tls/.keep", "etc/kubernetes/pki/etcd/.keep", "proc/.keep", "dev/null"):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).touch()
        subprocess.run(["mount", "-o", "remount,bind,ro", self.root], check=True)
        hosts = folder / "hosts"
        hosts.write_text("127.0.0.1 localhost etcd-0.etcd etcd-1.etcd etcd-2.etcd\n")
        subprocess.run(["mount", "--bind", hosts, self.root / "etc/hosts"], check=True)
        subprocess.run(["mount", "--bind", "/dev/null", self.root / "dev/null"], check=True)
        self.certificates = folder / "certificates"
        self.certificates.mkdir()
        key, certificate = self.certificates / "tls.key", self.certificates / "tls.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=etcd",
             "-addext", "subjectAltName=DNS:*.etcd,IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        for name in ("ca", "server", "peer"):
            (self.certificates / f"{name}.crt").write_bytes(certificate.read_bytes())
            (self.certificates / f"{name}.key").write_bytes(key.read_bytes())
        for path in self.certificates.iterdir():
            os.chown(path, 65532, 65532)

    def run(self, pod, container, data, until=None):
        """Runs a container's command to its end, or, with `until`, until that is true of its output so far; then it is ended as the kubelet does."""
        folder = self.folder / data
        if not folder.exists():
            folder.mkdir(0o700)
            os.chown(folder, 65532, 65532)
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": "node-1"}
        for variable in container.get("env", []):
            environment[variable["name"]] = expand(variable.get("value", "etcd-0"), environment)
        command = [expand(word, environment) for word in container["command"]]
        mounted = []
        for mount in container["volumeMounts"]:
            source = folder if mount["name"] == "data" else self.certificates
            target = f"{self.root}{mount['mountPath']}"
            subprocess.run(["mount", "--bind", source, target], check=True)
            mounted.append(target)
        user = pod["securityContext"]
        log = self.folder / "output"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["chroot", f"--userspec={user['runAsUser']}:{user['runAsGroup']}", "--groups=", self.root, *command],
                env=environment, stdout=output, stderr=output)
        try:
            if until is None:
                status = process.wait(DEADLINE)
            else:
                status = self.watch(process, log, until)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            for target in mounted:
                subprocess.run(["umount", target], check=True)
        if status != 0:
            sys.exit(f"{container['name']}: {' '.join(command)}: {status}\n{log.read_text()}")

    @staticmethod
    def watch(process, log, until):
        """0 once `until` is true and the process has ended after a SIGTERM; else why not."""
        for _ in range(DEADLINE * 5):
            if until(log.read_text()):
                process.send_signal(signal.SIGTERM)
                process.wait(DEADLINE)
                return 0
            try:
                return f"ended with {process.wait(0.2)}"
            except subprocess.TimeoutExpired:
                pass
        return f"not ready within {DEADLINE} s"


def expand(text, environment):
    for name, value in environment.items():
        text = text.replace(f"$({name})", value)
    return text


def healthy(container):
    """Asks what the container's liveness probe asks."""
    get = container["livenessProbe"]["httpGet"]
    port = next((p["containerPort"] for p in container.get("ports", []) if p["name"] == get["port"]), get["port"])

    def ask(_):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{get['path']}", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    return ask


def run(image):
    unshare()
    pods = {name: pod_of(document) for name, document in documents("etcd") if pod_of(document)}
    with tempfile.TemporaryDirectory() as temporary:
        node = Node(image, pathlib.Path(temporary))
        try:
            pod = pods["static-pod.yaml"]
            for _ in range(2):  # a new member, and its next start
                node.run(pod, pod["initContainers"][0], "static")
                node.run(pod, pod["containers"][0], "static", healthy(pod["containers"][0]))
            pod = pods["single-member.yaml"]
            node.run(pod, pod["containers"][0], "single", healthy(pod["containers"][0]))
            pod = pods["downgrade-job.yaml"]
            node.run(pod, pod["containers"][0], "single")
            prepared = (node.folder / "single/data/version.txt").read_text().strip()
            if prepared != "3.4.23/etcd3":
                sys.exit(f"downgrade-job.yaml left the data at {prepared}")
            # One of three members, which waits for the others.
            pod = pods["three-members.yaml"]
            node.run(pod, pod["containers"][0], "three", lambda output: "starting a new election" in output)
        finally:
            subprocess.run(["umount", "-R", node.root], check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", help="folder of the unpacked image, whose commands are to run")
    arguments = parser.parse_args()
    if validate():
        sys.exit(1)
    check_kustomization()
    print(f"manifests/etcd and manifests/kubernetes are valid for Kubernetes {', '.join(KUBERNETES)}")
    if arguments.image:
        run(arguments.image)
        print("the commands of manifests/etcd run in the image")


main()
