import DurableFiles
import HTTPTransfer
import NIOSSL
import OCIContent
import Synchronization
import SystemPackage

/// The certificates for individual registries, in the layout of `certs.d/HOST[:PORT]/`: `*.crt` are authorities to
/// trust besides the usual ones, `*.cert` and the `*.key` of the same name authenticate this client.
final class HostCertificates: Sendable {
    private let folders: [FilePath]
    private let base: @Sendable () -> TLSConfiguration
    private let known = Mutex<[String: TLSConfiguration?]>([:])

    init(folders: [FilePath], base: @escaping @Sendable () -> TLSConfiguration) {
        self.folders = folders
        self.base = base
    }

    /// Returns the configuration for one server; `nil` if it needs none of its own. It is read once.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration` if a file cannot be used.
    func configuration(for address: HTTPAddress) throws -> TLSConfiguration? {
        if let known = known.withLock({ $0[address.authority] }) { return known }
        let configuration = try read(address.authority)
        known.withLock { $0[address.authority] = .some(configuration) }
        return configuration
    }

    private func read(_ authority: String) throws -> TLSConfiguration? {
        for folder in folders {
            let own = folder.appending(authority)
            let names: [String]
            do { names = try FileSystem.names(in: own) } catch let error as FileError {
                throw OCIRegistryError(.invalidConfiguration, error.message)
            }
            guard names.contains(where: { $0.hasSuffix(".crt") || $0.hasSuffix(".cert") || $0.hasSuffix(".key") })
            else { continue }
            var tls = base()
            tls.additionalTrustRoots = try names.filter { $0.hasSuffix(".crt") }.map { name in
                .certificates(try Self.certificates(own.appending(name), "the authority"))
            }
            try addIdentity(names, in: own, to: &tls)
            return tls
        }
        return nil
    }

    private func addIdentity(_ names: [String], in folder: FilePath, to tls: inout TLSConfiguration) throws {
        guard let name = names.first(where: { $0.hasSuffix(".cert") }) else {
            guard !names.contains(where: { $0.hasSuffix(".key") }) else {
                throw OCIRegistryError(.invalidConfiguration, "\(folder) has a .key without a .cert")
            }
            return
        }
        let (certificate, key) = (folder.appending(name), folder.appending(String(name.dropLast(5)) + ".key"))
        let chain = try Self.certificates(certificate, "the certificate").map {
            NIOSSLCertificateSource.certificate($0)
        }
        do {
            let source = NIOSSLPrivateKeySource.privateKey(try NIOSSLPrivateKey(file: key.string, format: .pem))
            (tls.certificateChain, tls.privateKey) = (chain, source)
            // Whether the two belong together would otherwise only show when connecting, without being reported.
            var pair = TLSConfiguration.makeClientConfiguration()
            (pair.trustRoots, pair.certificateChain, pair.privateKey) = (.certificates([]), chain, source)
            _ = try NIOSSLContext(configuration: pair)
        } catch {
            throw OCIRegistryError(
                .invalidConfiguration, "cannot use the certificate \(certificate) with the key \(key)",
                hint: "use PEM files that belong together, and a key without a passphrase")
        }
    }

    private static func certificates(_ path: FilePath, _ what: String) throws(OCIRegistryError) -> [NIOSSLCertificate] {
        do { return try NIOSSLCertificate.fromPEMFile(path.string) } catch {
            throw OCIRegistryError(
                .invalidConfiguration, "cannot use \(what) \(path)", hint: "use a file of certificates in PEM format")
        }
    }
}
