import Foundation
import TestSupport
import Testing

/// Programs that `.ci/deps` takes from Debian's newest suite, and an older cosign from its stable one.
enum Peer: String {
    case crane, oras, cosign
    case olderCosign = "cosign-trixie"
    case dockerRegistry = "docker-registry"

    var path: String {
        CommandLineFixture.repository.appending(path: ".imagebuild/peers/bin/\(rawValue)").path
    }
}

/// Another program that pushes an OCI layout.
enum OtherClient: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case skopeo, crane, oras

    var testDescription: String { rawValue }

    func push(_ layout: String, tag: String, to image: String, _ fixture: CommandLineFixture) async throws {
        let command =
            switch self {
            case .skopeo:
                [
                    "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false",
                    "oci:\(layout):\(tag)", "docker://\(image)",
                ]
            case .crane: [Peer.crane.path, "push", layout, image]
            case .oras: [Peer.oras.path, "cp", "--from-oci-layout", "--to-plain-http", "\(layout):\(tag)", image]
            }
        let ended = try await Program.run(command, in: fixture.setting)
        try #require(ended.status == 0, "\(command.joined(separator: " ")): \(ended.errors)")
    }
}

/// The engine, with a storage of its own.
enum Podman {
    /// Pulls an image for one architecture: that which the pulled one is for, and the digests that it came under.
    static func pull(
        _ image: String, _ architecture: String, _ fixture: CommandLineFixture
    ) async throws -> (architecture: String, digests: Set<String>) {
        // podman does not take a longer path than 50 bytes.
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let podman = ["podman", "--root", "\(folder)/root", "--runroot", "\(folder)/run", "--storage-driver", "vfs"]
        func run(_ arguments: String...) async throws -> String {
            let ended = try await Program.run(podman + arguments, in: fixture.setting)
            try #require(ended.status == 0, "podman \(arguments.joined(separator: " ")): \(ended.errors)")
            return ended.line
        }
        let identifier = try await run("pull", "--quiet", "--tls-verify=false", "--arch", architecture, image)
        let format = "{{.Architecture}}{{range .RepoDigests}} {{.}}{{end}}"
        let words = try await run("image", "inspect", "--format", format, identifier).split(separator: " ")
        let digests = words.dropFirst().compactMap { $0.split(separator: "@").last.map(String.init) }
        return (words.first.map(String.init) ?? "", Set(digests))
    }
}
