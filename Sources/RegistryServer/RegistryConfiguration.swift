package import NIOSSL
package import SystemPackage

/// How a registry is served.
package struct RegistryConfiguration: Sendable {
    /// The address that is listened on.
    package var address: String
    /// 0 for any that is free.
    package var port: Int
    package var isReadOnly = false
    /// Whether a manifest may refer to what is not there.
    package var allowsSparse = false
    package var access = AccessControl.open
    /// `nil` for plain HTTP.
    package var tls: TLSConfiguration?
    package var limits = RegistryLimits()
    /// Seconds since the epoch.
    package var now: @Sendable () -> Int64
    /// Numbers that nobody can guess.
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

    /// The address with a port, as it stands in URLs and references: IPv6 in brackets.
    package func host(_ port: Int) -> String { (address.contains(":") ? "[\(address)]" : address) + ":\(port)" }

    /// Has the registry speak TLS.
    ///
    /// - Parameters:
    ///   - certificate: a PEM file: the certificate, then those between it and the root.
    ///   - key: a PEM file.
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
                .cannotStart, "cannot read the certificate \(certificate): \(error)", hint: "name a file in PEM form")
        }
    }

    private static func key(_ path: FilePath) throws -> NIOSSLPrivateKeySource {
        do { return .privateKey(try NIOSSLPrivateKey(file: path.string, format: .pem)) } catch {
            throw RegistryServerError(
                .cannotStart, "cannot read the key \(path): \(error)", hint: "name an unencrypted file in PEM form")
        }
    }
}

/// What one client may take of the machine.
package struct RegistryLimits: Sendable {
    /// Bytes of one blob.
    package var blob: Int64 = 1 << 40
    /// How long requests that are under way may take when the registry is stopped.
    package var grace = Duration.seconds(5)
    /// Connections at once; further ones wait.
    package var connections = 1000
    /// Seconds without a byte of a request, or without a piece of an answer (1 MiB) being taken.
    package var silence: Int64 = 60
    /// What clients are told to send at least in each piece but the last (`OCI-Chunk-Min-Length`, bytes).
    package var chunkMinimum: Int64?
    /// Tags or referrers in one answer.
    package var page = 10_000
    /// Unfinished uploads.
    package var uploads = 1000
    /// Seconds from its beginning after which an unfinished upload is removed.
    package var uploadLifetime: Int64 = 2 * 86400

    package init() {}
}
