import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A registry on loopback, as a program of its own.
struct ServedRegistry: Sendable {
    enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
        /// The reference implementation, as Debian has it.
        case docker
        /// `imagebuild registry serve`.
        case embedded

        var testDescription: String { rawValue }
    }

    /// Who may come in, and how.
    struct Access: Sendable {
        /// The user `me` with the password `secret`, instead of anybody.
        var asksForPassword = false
        /// The password is traded for tokens; of the embedded one only.
        var givesTokens = false
        /// Files of a certificate and its key; without them it is plain HTTP.
        var certificate: (file: String, key: String)?
        /// Whose certificates a client must have to come in; with the registry's own certificate, and of docker-registry only.
        var clientAuthority: String?
    }

    /// What `htpasswd -B` writes for `me` and `secret`.
    static let users = "me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"

    let kind: Kind
    private let program: Program

    /// `host:port`.
    let address: String

    /// What it has said so far.
    var log: String { program.outputSoFar + program.errorsSoFar }

    var port: String { String(address.split(separator: ":").last ?? "") }

    /// Starts a registry in the fixture's folder for the time of `body`.
    static func serving<R>(
        _ kind: Kind, _ fixture: CommandLineFixture, _ access: Access = Access(),
        _ body: (ServedRegistry) async throws -> R
    ) async throws -> R {
        try fixture.write(users, to: "users")
        let program =
            switch kind {
            case .docker: try dockerRegistry(fixture, access)
            case .embedded: try embeddedRegistry(fixture, access)
            }
        do {
            let port = try await port(of: program)
            let result = try await body(ServedRegistry(kind: kind, program: program, address: "127.0.0.1:\(port)"))
            program.signal(SIGTERM)
            _ = try await program.ended()
            return result
        } catch {
            program.signal(SIGKILL)
            _ = try await program.ended()
            throw error
        }
    }

    private static func dockerRegistry(_ fixture: CommandLineFixture, _ access: Access) throws -> Program {
        var lines = ["version: 0.1", "storage: {filesystem: {rootdirectory: docker-registry}}"]
        let clients = access.clientAuthority.map { ", clientcas: [\($0)]" } ?? ""
        let tls = access.certificate.map { ", tls: {certificate: \($0.file), key: \($0.key)\(clients)}" } ?? ""
        lines.append("http: {addr: '127.0.0.1:0'\(tls)}")
        if access.asksForPassword { lines.append("auth: {htpasswd: {realm: tests, path: users}}") }
        try fixture.write(lines.joined(separator: "\n") + "\n", to: "docker-registry.yaml")
        return try Program([Peer.dockerRegistry.path, "serve", "docker-registry.yaml"], in: fixture.setting)
    }

    private static func embeddedRegistry(_ fixture: CommandLineFixture, _ access: Access) throws -> Program {
        var arguments = ["registry", "serve", "--port", "0", "--root", "embedded-registry"]
        if let (file, key) = access.certificate { arguments += ["--tls-certificate", file, "--tls-key", key] }
        if access.asksForPassword { arguments += ["--users", "users"] }
        if access.givesTokens { arguments += ["--token"] }
        return try fixture.start(arguments, in: nil)
    }

    /// Both say where they listen as soon as they do: one on standard output, the other in its log.
    private static func port(of program: Program) async throws -> Substring {
        var port: Substring?
        try await until {
            let said = program.outputSoFar + program.errorsSoFar
            port = try /127\.0\.0\.1:([1-9][0-9]*)/.firstMatch(in: said)?.1
            return port != nil || program.hasEnded
        }
        return try #require(port, "the registry does not say where it listens: \(program.errorsSoFar)")
    }
}

extension CommandLineFixture {
    /// Starts `imagebuild registry serve` and hands out its address.
    func serve(_ arguments: String...) async throws -> (Program, String) {
        let program = try start(["registry", "serve", "--port", "0"] + arguments, in: nil)
        return (program, try await program.firstLine())
    }

    /// Runs `body` while `imagebuild registry serve` answers; hands out its `host:port`.
    func serving<R>(_ body: (String) async throws -> R) async throws -> R {
        let (registry, address) = try await serve("--root", "registry")
        defer { registry.signal(SIGKILL) }
        try #require(address.hasPrefix("http://"), "\(registry.errorsSoFar)")
        let result = try await body(String(address.dropFirst(7)))
        registry.signal(SIGTERM)
        _ = try await registry.ended()
        return result
    }
}
