package import HTTPTypes
import RegistryServer
import Synchronization

/// A record of what crossed the wire: every request in the order of arrival, including those with faults. Tests assert
/// what was *not* sent.
package final class WireLog: Sendable {
    package struct Entry: Sendable, CustomStringConvertible {
        package var method: HTTPRequest.Method
        /// The path, percent-encoded, with the query.
        package var path: String
        package var kind: RequestKind
        package var headers: HTTPFields
        /// The status of the answer; `nil` if none was begun.
        package var status: Int?
        /// The number of bytes of the request's body that were read.
        package var bytesIn: Int64 = 0
        /// The number of bytes of the answer's body that were written.
        package var bytesOut: Int64 = 0

        /// Returns the value of a header field of the request.
        package func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

        package var description: String {
            "\(method) \(path) \(status.map(String.init) ?? "-") <\(bytesIn) >\(bytesOut)"
        }
    }

    private let entries = Mutex<[Entry]>([])

    package var requests: [Entry] { entries.withLock { $0 } }

    /// Returns the requests of a kind, and with a method if one is given.
    package func requests(_ kind: RequestKind, _ method: HTTPRequest.Method? = nil) -> [Entry] {
        requests.filter { $0.kind == kind && (method == nil || $0.method == method) }
    }

    /// The requests that ended with a blob at the registry: the last one of an upload, or its only one.
    package var sentBlobs: [Entry] {
        requests.filter { entry in
            let isWhole = entry.kind == .uploadStart && entry.path.contains("?digest=")
            return entry.status == 201 && (entry.kind == .uploadFinish || isWhole)
        }
    }

    /// The manifests that were put there, by digest or by tag.
    package var putManifests: [Entry] { requests(.manifest, .put) }

    /// The number of bytes in the bodies of all uploads.
    package var uploaded: Int64 {
        let kinds: Set<RequestKind> = [.uploadStart, .uploadChunk, .uploadFinish]
        return requests.filter { kinds.contains($0.kind) }.reduce(0) { $0 + $1.bytesIn }
    }

    /// The number of bytes in the bodies of all blobs that were read.
    package var downloaded: Int64 { requests(.blob).reduce(0) { $0 + $1.bytesOut } }

    package func clear() { entries.withLock { $0 = [] } }

    /// Adds an entry, and returns its index. The log must not be cleared until the request has ended.
    func begin(_ entry: Entry) -> Int {
        entries.withLock {
            $0.append(entry)
            return $0.count - 1
        }
    }

    func update(_ index: Int, _ change: (inout Entry) -> Void) {
        entries.withLock { if $0.indices.contains(index) { change(&$0[index]) } }
    }
}

/// The purpose of a request, according to its method and path.
package enum RequestKind: String, Hashable, Sendable, CaseIterable {
    case base, token, catalog, blob, manifest, tags, referrers
    case uploadStart, uploadChunk, uploadFinish, uploadStatus, uploadCancel
    case other

    init(_ method: HTTPRequest.Method, _ path: String) {
        guard let route = try? Route(path: String(path.prefix { $0 != "?" })) else {
            self = .other
            return
        }
        switch route {
        case .base: self = .base
        case .token: self = .token
        case .catalog: self = .catalog
        case .blob: self = .blob
        case .manifest: self = .manifest
        case .tags: self = .tags
        case .referrers: self = .referrers
        case .uploads: self = .uploadStart
        case .upload:
            switch method {
            case .patch: self = .uploadChunk
            case .put: self = .uploadFinish
            case .delete: self = .uploadCancel
            default: self = .uploadStatus
            }
        }
    }
}
