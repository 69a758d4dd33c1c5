import Foundation
import NIOHTTP1
import RegistryTesting
import TestSupport
import Testing

/// How a second client asks a registry while another one writes to it.
extension ServedRegistry {
    /// Sends a request, again as long as docker-registry answers that it read a file which it was writing itself.
    func ask(_ method: HTTPMethod, _ path: String) async throws -> RegistryClient.Answer {
        for _ in 0..<1000 {
            let client = "tests/\(UUID())"
            let answer = try await Self.ask(method, path, of: address, as: client)
            guard kind == .docker, answer.status == 500, try await readsWhatItWrites(for: client) else { return answer }
        }
        throw RegistryClient.Unexpected(what: "\(address)\(path) does not come to rest: \(log)")
    }

    /// Sends a request to any registry.
    static func ask(
        _ method: HTTPMethod, _ path: String, of host: String, as client: String = "tests"
    ) async throws -> RegistryClient.Answer {
        // docker-registry has no manifest of a type that is not asked for.
        let types = ["index", "manifest"].map { "application/vnd.oci.image.\($0).v1+json" }.joined(separator: ", ")
        let headers: HTTPHeaders = ["Accept": types, "User-Agent": client]
        return try await RegistryClient("http://\(host)").send(method, path, headers)
    }

    /// Returns whether docker-registry answered a client with a 500 since it found a file empty.
    ///
    /// Before version 3 it writes links and manifests in place, which empties them first, those too that were there
    /// already; whoever asks at that moment gets the 500, for which its log alone has the reason.
    private func readsWhatItWrites(for client: String) async throws -> Bool {
        var line: Substring?
        try await until {
            line = log.split(separator: "\n").first {
                $0.contains(client) && $0.contains(#"msg="response completed with error""#)
            }
            return line != nil
        }
        let reasons = [#"err.detail="invalid checksum digest format""#, #"err.detail="unexpected end of JSON input""#]
        return reasons.contains { line?.contains($0) == true }
    }
}
