import HTTPTransfer
import NIOSSL
import OCIContent
import Synchronization
import SystemPackage

/// Certificates for single registries, in the layout of `certs.d/HOST[:PORT]/`: `*.crt` are authorities to trust besides
/// the usual ones, `*.cert` with `*.key` of the same name prove who we are.
final class HostCertificates: Sendable {
    private let folders: [FilePath]
    private let base: @Sendable () -> TLSConfiguration
    private let known = Mutex<[String: TLSConfiguration?]>([:])

    init(folders: [FilePath], base: @escaping @Sendable () -> TLSConfiguration) {
        self.folders = folders
        self.base = base
    }

    /// The configuration for one server; `nil` where it needs none of its own. Read once.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration` for a file that cannot be used.
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
            do { names = try FileSystem.names(in: own) } catch let error as ContentError {
                throw OCIRegistryError(.invalidConfiguration, error.message)
            }
            guard names.contains(where: { $0.hasSuffix(".crt") || $0.hasSuffix(".cert") || $0.hasSuffix(".key") })
            else { continue }
            var tls = base()
            tls.additionalTrustRoots = names.filter { $0.hasSuffix(".crt") }.map { .file(own.appending($0).string) }
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
        let certificate = folder.appending(name)
        let key = folder.appending(String(name.dropLast(5)) + ".key")
        do {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate.string).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key.string, format: .pem))
        } catch {
            throw OCIRegistryError(
                .invalidConfiguration, "cannot use the certificate \(certificate) with the key \(key)",
                hint: "both are PEM files; the key has no pass phrase")
        }
    }
}
