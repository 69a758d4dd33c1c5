package import NIOSSL
package import SystemPackage

/// The settings with which a registry is served.
package struct RegistryConfiguration: Sendable {
    /// The address to listen on.
    package var address: String
    /// The port to listen on, or 0 for any free one.
    package var port: Int
    package var isReadOnly = false
    /// Whether a manifest may refer to content that the repository does not have.
    package var allowsSparse = false
    package var access = AccessControl.open
    /// Whether a proxy in front of the registry is believed about how its clients reach it (`X-Forwarded-Proto`,
    /// `X-Forwarded-For`).
    package var trustsProxy = false
    package var accessLog: AccessLog?
    /// The TLS settings, or `nil` for plain HTTP.
    package var tls: TLSConfiguration?
    package var limits = ServerLimits()
    /// Returns the current time in seconds since the epoch.
    package var now: @Sendable () -> Int64
    /// Returns a random number that cannot be guessed.
    package var random: @Sendable () -> UInt64

    package init(
        address: String = "127.0.0.1", port: Int = 0, now: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt64
    ) {
        self.address = address
        self.port = port
        self.now = now
        self.random = random
    }

    /// Returns the address with a port as it appears in URLs and references, with IPv6 addresses in brackets.
    package func host(_ port: Int) -> String { (address.contains(":") ? "[\(address)]" : address) + ":\(port)" }

    /// Whether only this machine reaches the address.
    package var isLoopback: Bool { address == "localhost" || address == "::1" || address.hasPrefix("127.") }

    /// Makes the registry speak TLS.
    ///
    /// - Parameters:
    ///   - certificate: A PEM file with the certificate, followed by those between it and the root.
    ///   - key: A PEM file with the private key.
    /// - Throws: `RegistryServerError` `.cannotStart` that names the file.
    package mutating func useTLS(certificate: FilePath, key: FilePath) throws {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.string)
            tls = .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: try Self.key(key))
        } catch let error as RegistryServerError {
            throw error
        } catch {
            throw RegistryServerError(
                .cannotStart, "cannot read the certificate \(certificate): \(error)",
                hint: "specify a file in PEM format")
        }
    }

    private static func key(_ path: FilePath) throws -> NIOSSLPrivateKeySource {
        do { return .privateKey(try NIOSSLPrivateKey(file: path.string, format: .pem)) } catch {
            throw RegistryServerError(
                .cannotStart, "cannot read the key \(path): \(error)", hint: "specify an unencrypted file in PEM format"
            )
        }
    }
}

/// The share of the machine that one client may use.
package struct ServerLimits: Sendable {
    /// The largest size of a blob in bytes.
    package var blob: Int64 = 1 << 40
    /// The time that requests in progress may take once the registry is stopped.
    package var grace = Duration.seconds(5)
    /// The number of simultaneous connections; one address has at most three quarters of them.
    package var connections = 1000
    /// The seconds within which the first request's head must arrive.
    package var head: Int64 = 20
    /// The bytes per second at which a request's body must arrive, and the seconds over which they are averaged.
    package var slowestRate: Int64 = 1024
    package var rateWindow: Int64 = 30
    /// The seconds after which a connection that is slower than that gives way to another, and for which the rest of
    /// an unwanted body is waited for.
    package var slowness: Int64 = 5
    /// The seconds that may pass without a byte of a request arriving, or without a piece of an answer (1 MiB) being
    /// read.
    package var silence: Int64 = 60
    /// The time for which a connection stays open after an answer that leaves a long body unread.
    package var lingering = Duration.seconds(1)
    /// The minimum size in bytes that clients are told to use for every chunk but the last (`OCI-Chunk-Min-Length`).
    package var chunkMinimum: Int64?
    /// The number of tags or referrers in one answer.
    package var page = 10_000
    package var uploads = UploadLimits()

    package init() {}

    /// Lowers the number of connections to what a process with that many open files can hold: each takes one, and the
    /// file that it reads or writes another; some are kept back for everything else, and for those that are told that
    /// there are too many. An unfinished upload has its file open only while a request writes to it.
    package mutating func fit(openFiles: Int) {
        connections = min(connections, max(1, (openFiles - Self.reserve) * 2 / 5))
    }

    /// The open files that are neither a client's connection nor for one: the listener, the store, event loops, locks.
    private static let reserve = 128
}

/// The limits on unfinished uploads.
package struct UploadLimits: Sendable {
    package var count = 1000
    /// The number of them that clients at one address may have.
    package var countPerAddress = 250
    /// The seconds after its start at which an upload is removed.
    package var lifetime: Int64 = 2 * 86400
    /// The bytes below which an upload is small: it is soon sent again, so it need not be kept for long.
    package var smallSize: Int64 = 1 << 20
    /// The seconds after its last use at which a small upload is removed.
    package var smallLifetime: Int64 = 600
    /// The seconds after its last use at which a small upload gives way to another.
    package var patience: Int64 = 10

    package init() {}
}
