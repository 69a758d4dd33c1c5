import FoundationEssentials
import NIOSSL
import OCIContent
package import RegistryServer
import Scheduling
import Synchronization
package import SystemPackage

/// A registry in a temporary folder, with faults and quirks in front of it and a record of everything that crossed the
/// wire.
///
/// ```
/// try await TestRegistry.run(quirks: [.noPatch(status: 405)]) { registry in
///     registry.faults.on(.blob, method: .get, .truncateAnswer(after: 1000))
///     … registry.host …
///     #expect(registry.wire.requests(.uploadChunk).isEmpty)
/// }
/// ```
package struct TestRegistry: Sendable {
    package let registry: RunningRegistry
    package let storage: RegistryStorage
    package let faults: FaultScript
    package let wire: WireLog
    /// The registry's clock, which stands still until a test moves it.
    package let clock: TestClock
    /// The folder of the registry's data and of `ca.crt`.
    package let folder: FilePath

    /// The host and port, `host:port`.
    package var host: String { registry.host }
    package var url: String { "\(registry.isTLS ? "https" : "http")://\(host)" }

    package enum Access: Sendable { case open, basic, bearer }

    /// The user that the registry knows if it requires a login.
    package static let user = "user"
    package static let password = "secret"
    private static let passwords = "user:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"

    /// Runs a registry while `body` runs.
    package static func run(
        quirks: Set<Quirk> = [], access: Access = .open, isTLS: Bool = false,
        configure: (inout RegistryConfiguration) -> Void = { _ in }, _ body: (TestRegistry) async throws -> Void
    ) async throws {
        let folder = FilePath(FileManager.default.temporaryDirectory.path).appending("registry-\(UUID())")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        let clock = TestClock()
        var configuration = RegistryConfiguration(
            now: { clock.now }, random: { UInt64.random(in: .min ... .max) })
        // An answer that a fault stalls would never end by itself.
        configuration.limits.grace = .milliseconds(200)
        let users = try PasswordFile(parsing: passwords)
        switch access {
        case .open: break
        case .basic: configuration.access = .basic(users)
        case .bearer:
            configuration.access = .bearer(
                users, TokenSettings(secret: Array("a secret of thirty-two characters".utf8)))
        }
        if isTLS {
            try TestCertificate.write(to: folder)
            try configuration.useTLS(certificate: folder.appending("tls.crt"), key: folder.appending("tls.key"))
        }
        configure(&configuration)
        try await run(configuration, quirks, clock, folder, body)
    }

    private static func run(
        _ configuration: RegistryConfiguration, _ quirks: Set<Quirk>, _ clock: TestClock, _ folder: FilePath,
        _ body: (TestRegistry) async throws -> Void
    ) async throws {
        let storage = try RegistryStorage(root: folder.appending("registry"))
        let pool = BlockingPool(threads: 2)
        let (faults, wire) = (FaultScript(), WireLog())
        let responder = RegistryResponder(storage: storage, configuration: configuration, pool: pool)
        let quirky = QuirkyResponder(responder, quirks: quirks)
        let registry = try await RegistryServer.start(
            FaultyResponder(quirky, script: faults, wire: wire), configuration)
        let test = TestRegistry(
            registry: registry, storage: storage, faults: faults, wire: wire, clock: clock, folder: folder)
        let result: Result<Void, any Error>
        do { result = .success(try await body(test)) } catch { result = .failure(error) }
        await registry.stop()
        try await pool.shutDown()
        try result.get()
    }
}

/// A clock that tests set, in seconds since the epoch.
package final class TestClock: Sendable {
    private let seconds = Mutex<Int64>(1_800_000_000)
    package var now: Int64 { seconds.withLock { $0 } }
    package func advance(by count: Int64) { seconds.withLock { $0 += count } }
}
