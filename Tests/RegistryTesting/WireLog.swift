package import HTTPTypes
import RegistryServer
import Synchronization

/// What crossed the wire: every request in the order of arrival, those of faults too. Tests assert what was *not* sent.
package final class WireLog: Sendable {
    package struct Entry: Sendable, CustomStringConvertible {
        package var method: HTTPRequest.Method
        /// Percent-encoded, with the query.
        package var path: String
        package var kind: RequestKind
        package var headers: HTTPFields
        /// `nil` where no answer was begun.
        package var status: Int?
        /// Bytes of the request's body that were read.
        package var bytesIn: Int64 = 0
        /// Bytes of the answer's body that were written.
        package var bytesOut: Int64 = 0

        package var description: String {
            "\(method) \(path) \(status.map(String.init) ?? "-") <\(bytesIn) >\(bytesOut)"
        }
    }

    private let entries = Mutex<[Entry]>([])

    package var requests: [Entry] { entries.withLock { $0 } }

    /// The requests of a kind, and with a method if one is given.
    package func requests(_ kind: RequestKind, _ method: HTTPRequest.Method? = nil) -> [Entry] {
        requests.filter { $0.kind == kind && (method == nil || $0.method == method) }
    }

    /// Bytes of all bodies of uploads.
    package var uploaded: Int64 {
        let kinds: Set<RequestKind> = [.uploadStart, .uploadChunk, .uploadFinish]
        return requests.filter { kinds.contains($0.kind) }.reduce(0) { $0 + $1.bytesIn }
    }

    /// Bytes of all bodies of blobs that were read.
    package var downloaded: Int64 { requests(.blob).reduce(0) { $0 + $1.bytesOut } }

    package func clear() { entries.withLock { $0 = [] } }

    /// Must not be cleared between `begin` and the requests' end.
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

/// What a request is for, by its method and path.
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
