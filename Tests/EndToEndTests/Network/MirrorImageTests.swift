import Foundation
import NIOHTTP1
import RegistryTesting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension NetworkTests {
    /// `images/imagebuild`, with the release program, from the real archive. Needs the network and umoci.
    @Suite struct MirrorImageTests {
        /// The release program, which the image holds; a debug build needs Swift's libraries.
        private static let program = ProcessInfo.processInfo.environment["IMAGEBUILD_PROGRAM"]

        @Test(
            .enabled(if: geteuid() == 0, "a root file system is changed into by root alone"),
            .enabled(if: program != nil, "IMAGEBUILD_PROGRAM names the release program, which goes into the image"))
        func `the image of imagebuild mirrors from its own root file system, as its user and without writing to it`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                let images = CommandLineFixture.repository.appending(path: "images")
                for name in ["debian", "imagebuild"] {
                    try await fixture.tool("cp", "-r", images.appending(path: name).path, "images/\(name)")
                }
                try await fixture.tool(
                    "install", "-D", try #require(Self.program), "images/imagebuild/amd64/imagebuild")
                _ = try await fixture.succeed(
                    "build", "imagebuild", "--arch", "amd64", "--locked", "--output", "oci:image:1")
                try await fixture.tool("umoci", "unpack", "--image", "image:1", "bundle")
                try await TestRegistry.run { source in
                    try await TestRegistry.run { target in
                        let digest = try await RegistryClient(source).pushIndex("v1", to: "etcd", layers: ["a"]).index
                        try fixture.write(
                            "schema: 1\ndestinations: [\(target.host)/m]\nimages: [{from: \(source.host)/etcd, tags: {list: [v1]}}]\n",
                            to: "bundle/rootfs/etc/mirror/file/mirror.yaml")
                        try fixture.write(Self.pod, to: "pod.sh")
                        for status: Int32 in [10, 0] {
                            let ended = try await Program.run(
                                [
                                    "unshare", "--mount", "sh", "pod.sh", "imagebuild", "mirror",
                                    "/etc/mirror/file/mirror.yaml",
                                ],
                                in: fixture.setting)
                            #expect(ended.status == status, "\(ended.output)\(ended.errors)")
                        }
                        let answer = try await RegistryClient(target).send(
                            .HEAD, "/v2/m/etcd/manifests/v1", ["Accept": "*/*"])
                        #expect(answer["Docker-Content-Digest"] == "\(digest)")
                    }
                }
            }
        }

        /// Runs a command as a pod would, with the mounts of `manifests/kubernetes/cronjob.yaml`: the root of the image cannot
        /// be written to, and the volume of records outlives the pod.
        private static let pod = """
            set -e
            root=$PWD/bundle/rootfs
            mkdir -p volume $root/var/lib/mirror
            chown 65532:65532 volume
            mount --bind $root $root
            mount --bind /proc $root/proc
            mount --bind volume $root/var/lib/mirror
            mount -o remount,bind,ro $root
            ! chroot --userspec=65532:65532 $root /usr/local/bin/imagebuild store gc --store /opt/x 2>/dev/null
            exec env -i PATH=/usr/local/bin:/usr/bin:/usr/sbin IMAGEBUILD_STORE=/var/lib/mirror \\
                chroot --userspec=65532:65532 $root "$@"

            """
    }
}
