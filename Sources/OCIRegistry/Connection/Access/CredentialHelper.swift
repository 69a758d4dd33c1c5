import ChildPrograms
import DurableFiles
import HTTPTransfer
import OCIContent
import OCIModel
import SystemPackage

/// A program that stores logins (docker-credential-helpers): it takes a verb as its argument, and JSON or a server's
/// name as its input.
struct CredentialHelper {
    private static let outputLimit = 64 << 10
    /// The text that a helper prints, with a failure, if it simply has no login.
    private static let notFound = "credentials not found"

    private struct Record: Codable {
        var ServerURL: String?
        var Username: String
        var Secret: String
    }

    private let name: String
    private let program: FilePath
    private let environment: [String: String]
    private let limit: Duration

    /// Finds a helper.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration` if the name cannot be a helper's, or the helper is not in
    ///   `PATH`.
    init(name: String, environment: [String: String], limit: Duration) throws(OCIRegistryError) {
        let isPlain = name.utf8.allSatisfy { byte in
            byte.isAlphanumeric || "-_.".utf8.contains(byte)
        }
        guard isPlain, name.utf8.count <= 100 else {
            throw OCIRegistryError(.invalidConfiguration, "'\(quoted(name))' is not the name of a credential helper")
        }
        self.name = "docker-credential-" + name
        self.environment = environment
        self.limit = limit
        let folders = (environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
        let candidates = folders.filter(\.isAbsolute).map { $0.appending("docker-credential-" + name) }
        guard let program = candidates.first(where: { FileSystem.regularFileSize($0) != nil }) else {
            throw OCIRegistryError(
                .invalidConfiguration, "the credential helper docker-credential-\(name) is not on PATH",
                hint: "install it, or remove its name from the login file")
        }
        self.program = program
    }

    /// Returns the login for a registry; `nil` if the helper has none.
    func get(_ host: RegistryHost) async throws -> RegistryLogin? {
        let (output, isSuccess) = try await run("get", Array(AuthFile.key(of: host).utf8))
        guard isSuccess else {
            if String(decoding: output, as: UTF8.self).lowercased().contains(Self.notFound) { return nil }
            throw failure("could not return the login for \(host)", output)
        }
        guard let record = try? CanonicalJSON.decode(Record.self, from: output) else {
            throw OCIRegistryError(.invalidConfiguration, "\(name) returned an unreadable login for \(host)")
        }
        return record.Secret.isEmpty ? nil : RegistryLogin(user: record.Username, password: record.Secret)
    }

    func store(_ login: RegistryLogin, for host: RegistryHost) async throws {
        guard let credentials = login.basic else { return }
        let record = Record(
            ServerURL: AuthFile.key(of: host), Username: credentials.user, Secret: credentials.password)
        let (output, isSuccess) = try await run("store", CanonicalJSON.encode(record))
        guard isSuccess else { throw failure("could not store the login for \(host)", output) }
    }

    /// Erases the login for a registry.
    ///
    /// - Returns: Whether the helper had one.
    func erase(_ host: RegistryHost) async throws -> Bool {
        guard try await get(host) != nil else { return false }
        let (output, isSuccess) = try await run("erase", Array(AuthFile.key(of: host).utf8))
        guard isSuccess else { throw failure("could not erase the login for \(host)", output) }
        return true
    }

    private func failure(_ what: String, _ output: [UInt8]) -> OCIRegistryError {
        let words = quoted(String(decoding: output, as: UTF8.self), limit: 120)
        return OCIRegistryError(.invalidConfiguration, "\(name) \(what)" + (words.isEmpty ? "" : ": \(words)"))
    }

    private func run(_ verb: String, _ input: [UInt8]) async throws -> (output: [UInt8], isSuccess: Bool) {
        do {
            let end = try await ChildProgram(
                program, [verb], environment: environment, input: .secret(input), streams: .output(Self.outputLimit),
                timeLimit: limit
            ).run()
            return (end.output, end.isSuccess)
        } catch let error as ChildProgramError {
            let message =
                switch error.code {
                case .cannotStart, .failed: "cannot run \(program): \(error)"
                case .inputTooLong: "the login is too long for \(name)"
                case .tookTooLong: "\(name) did not answer within \(limit)"
                }
            throw OCIRegistryError(.invalidConfiguration, message)
        }
    }
}
