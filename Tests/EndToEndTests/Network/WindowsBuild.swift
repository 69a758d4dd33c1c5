import Foundation
import OCIModel
import Testing

/// A small Go program for every platform, Linux and Windows, in one index; for Windows `migrate` too. Built once for all tests
/// of this run that need it, with the toolchain that the etcd image is built with.
///
/// Needs the network, like `ArchiveBuild`.
actor WindowsBuild {
    static let shared = WindowsBuild()

    struct Result: Sendable {
        var fixture: CommandLineFixture
        var bases: WindowsBases
        var digest: String
    }

    static let definition = """
        schema: 1
        name: everywhere
        platforms: [linux/amd64, linux/arm64, linux/ppc64le, windows/amd64]
        windows: {base: "oci:../../bases"}
        bundle:
          directory: /usr/local/bin
          mode: "0555"
          programs:
            tool: {go: .}
          go: {folder: tool}
          versions:
            - {version: 1.2.3}
        go-toolchain: {package: golang-1.24, suites: [trixie]}
        files:
          - {path: /usr/local/bin/migrate, mode: "0555", go: {folder: ../etcd/migrate}, system: windows}
        config:
          entrypoint: [/usr/local/bin/tool, --flag]
          environment:
            PATH: /usr/local/bin:/usr/bin

        """
    private static let program = """
        package main

        // A variable, as etcd has one: the version is read from the compiled program.
        var Version = "1.2.3"

        func main() { println("tool version:", Version) }

        """

    private var building: Task<Result, any Error>?

    func built() async throws -> Result {
        if let building { return try await building.value }
        let task = Task { try await Self.build() }
        building = task
        return try await task.value
    }

    private static func build() async throws -> Result {
        let etcd = try await ArchiveBuild.shared.built()
        // Beside the etcd image, whose store has the toolchain; the folder is gone with that.
        var fixture = try CommandLineFixture(in: etcd.fixture.folder.appending(path: "everywhere"))
        fixture.store = etcd.fixture.store
        try ArchiveBuild.copyImages(to: fixture)
        try fixture.write(definition, to: "images/everywhere/image.yaml")
        try fixture.write("module example.org/tool\n\ngo 1.24\n", to: "images/everywhere/tool/go.mod")
        try fixture.write(program, to: "images/everywhere/tool/main.go")
        let bases = try WindowsBases(writingTo: fixture.folder.appending(path: "bases"))
        try await fixture.letFilesAge()
        _ = try await fixture.succeed("lock", "everywhere")
        let digest = try await fixture.succeed("build", "everywhere", "--all", "--locked")
        return Result(fixture: fixture, bases: bases, digest: digest)
    }
}
