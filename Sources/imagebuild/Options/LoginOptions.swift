import ArgumentParser
import OCIModel
import OCIRegistry
import SystemPackage

/// A login for this run, in the place of stored ones.
struct LoginOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("User for this run, in the place of stored logins.", valueName: "user"))
    var username: String?
    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    func validate() throws {
        guard passwordStdin == (username != nil) else {
            throw ValidationError("--username and --password-stdin go together.")
        }
    }

    private static let noHost = ValidationError("--username is for one registry; here there are none, or several.")

    /// Throws what `withNetwork` would throw about the login, before any work is done.
    func check(loginFor host: RegistryHost?) throws {
        if username != nil, host == nil { throw Self.noHost }
    }

    /// Runs `body` with the registries of this run; it makes its connections with `RegistryNetwork.connection(to:)`.
    /// `--username` is meant for `host`; the console gets warnings and what is waited for.
    func withNetwork<Result: Sendable>(
        _ registries: RegistryOptions, loginFor host: RegistryHost?, _ console: Console,
        _ body: (RegistryNetwork) async throws -> Result
    ) async throws -> Result {
        var sources = RegistryOptions.sources()
        if let username {
            guard let host else { throw Self.noHost }
            sources.explicit = [host: RegistryLogin(user: username, password: try Self.passwordFromInput())]
        }
        return try await RegistryNetwork.withNetwork(registries.settings(sources, console), body)
    }

    /// All of standard input, without the line end that an editor or `echo` puts there.
    static func passwordFromInput() throws -> String {
        var bytes: [UInt8] = []
        while bytes.count <= 65536 {
            let piece = try [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = try FileDescriptor.standardInput.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if piece.isEmpty { break }
            bytes += piece
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= 65536 else {
            throw CommandError(
                message: "standard input holds no password", hint: "pipe it in: pass show registry | imagebuild …")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
