import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension ProgramTests {
    /// Places for images that are not plain files: streams, pipes, devices, links and mounts.
    @Suite struct StreamTests {
        /// Runs a line of a shell in which `$IB` is the program, on an image that is built.
        private func shell(
            _ line: String, _ check: (CommandLineFixture, Ended) throws -> Void
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                _ = try await fixture.succeed(
                    "build", "tiny", "--offline", "--arch", "amd64", "--output", "docker-archive:expected.tar")
                var setting = fixture.setting
                setting.environment["IB"] = Program.imagebuild
                setting.environment["IMAGEBUILD_STORE"] = fixture.store.path
                setting.environment["IMAGEBUILD_DEBIAN_KEYRING"] = fixture.keyring.path
                let build = #"build() { "$IB" build tiny --offline --arch amd64 --output docker-archive:"$1"; }"#
                let ended = try await Program.run(["bash", "-c", "set -o pipefail; \(build); \(line)"], in: setting)
                try check(fixture, ended)
                #expect(fixture.temporaries == [])
            }
        }

        private func bytes(_ fixture: CommandLineFixture, _ name: String) throws -> Data {
            try Data(contentsOf: fixture.folder.appending(path: name))
        }

        private func status(_ fixture: CommandLineFixture, _ name: String) throws -> FileAttributeType? {
            let path = fixture.folder.appending(path: name).path
            return try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        }

        @Test(arguments: ["-", "/dev/stdout", "link"])
        func `the standard output gets the archive alone, and the digest goes to standard error`(
            _ place: String
        ) async throws {
            try await shell("ln -s /proc/self/fd/1 link; build \(place) | cat > out.tar") { (fixture, ended) throws in
                #expect(ended.status == 0 && ended.errors.contains("sha256:"), "\(ended.errors)")
                #expect(try bytes(fixture, "out.tar") == bytes(fixture, "expected.tar"))
                #expect(try status(fixture, "link") == .typeSymbolicLink)
                #expect(!FileManager.default.fileExists(atPath: fixture.folder.appending(path: "-").path))
            }
        }

        @Test func `a named pipe stays one, and its reader gets the archive`() async throws {
            try await shell("mkfifo pipe; cat pipe > out.tar & build pipe; wait") { (fixture, ended) throws in
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(try bytes(fixture, "out.tar") == bytes(fixture, "expected.tar"))
                #expect(try status(fixture, "pipe") == .typeUnknown)
            }
        }

        @Test func `a symbolic link stays, and what it leads to is written`() async throws {
            try await shell("mkdir d; ln -s big.tar d/one; ln -s d/one two; build two; build two") {
                (fixture, ended) throws in
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(try bytes(fixture, "d/big.tar") == bytes(fixture, "expected.tar"))
                let kinds = try ["two", "d/one"].map { try status(fixture, $0) }
                #expect(kinds == [.typeSymbolicLink, .typeSymbolicLink])
            }
        }

        @Test func `a device takes the archive and stays one`() async throws {
            try await shell("build /dev/null && test -c /dev/null") { _, ended in
                #expect(ended.status == 0, "\(ended.errors)")
            }
        }

        @Test(.enabled(if: geteuid() == 0)) func `a file that another is mounted on gets the archive`() async throws {
            let line = #"touch a b; unshare -m sh -c 'mount --bind a b && exec "$@"' sh "$IB" build tiny --offline "#
            try await shell(line + "--arch amd64 --output docker-archive:b") { (fixture, ended) throws in
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(try bytes(fixture, "a") == bytes(fixture, "expected.tar"))
            }
        }

        @Test(arguments: [
            ("mkdir d; build d", "it is a folder"), ("ln -s l l; build l", "symbolic links"),
            ("\"$IB\" build tiny --offline --arch amd64 --output oci:-", "a layout is a folder"),
            (
                "\"$IB\" build tiny --offline --all --output docker-archive:new.tar",
                "a docker-archive holds one platform"
            ),
            (
                "\"$IB\" build tiny --offline --arch amd64 --output docker-archive:- --output oci-archive:-",
                "two outputs cannot both be the standard output"
            ),
        ])
        func `what cannot be written is refused before anything is made`(_ line: String, _ reason: String) async throws
        {
            try await shell("\(line) | cat") { (fixture, ended) throws in
                #expect(ended.status != 0 && ended.errors.contains(reason), "\(ended.errors)")
                #expect(!ended.errors.contains("making"), "\(ended.errors)")
                #expect(ended.output == "")
                #expect(!fixture.names(fixture.folder).contains("new.tar"))
            }
        }

        @Test(arguments: [
            "cat expected.tar | \"$IB\" copy docker-archive:- oci:o",
            "\"$IB\" copy docker-archive:/dev/stdin oci:o < expected.tar",
            "cat expected.tar | \"$IB\" copy docker-archive:/dev/stdin oci:o",
            "mkfifo p; cat expected.tar > p & \"$IB\" copy docker-archive:p oci:o",
            "\"$IB\" copy docker-archive:<(gzip -c expected.tar) oci:o",
            "xz expected.tar; \"$IB\" copy docker-archive:expected.tar.xz oci:o",
        ])
        func `an image is read from a stream, and from a compressed file`(_ line: String) async throws {
            try await shell("\"$IB\" copy docker-archive:expected.tar oci:o | tee digest >&2; rm -r o; \(line)") {
                (fixture, ended) throws in
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(try ended.output == fixture.text("digest"))
            }
        }

        @Test func `a copy goes from one stream to another`() async throws {
            try await shell(
                "cat expected.tar | \"$IB\" copy docker-archive:- oci-archive:-:x | \"$IB\" copy oci-archive:- oci:o"
            ) {
                _, ended in #expect(ended.status == 0 && ended.output.hasPrefix("sha256:"), "\(ended.errors)")
            }
        }
    }
}
