package import OCIContent
import OCIModel
import Synchronization

/// A count of what was sent for one purpose. It follows the tasks that work for the purpose.
package final class RequestTally: Sendable {
    @TaskLocal static var current: RequestTally?

    /// The purpose, for people who ask why a request was sent: `copy a/b:1`.
    let purpose: String
    private let counts = Mutex((requests: 0, bytes: Int64(0)))

    init(_ purpose: String) { self.purpose = purpose }

    var requests: Int { counts.withLock { $0.requests } }
    /// The bytes of blobs that were sent.
    var bytes: Int64 { counts.withLock { $0.bytes } }

    func addRequest() { counts.withLock { $0.requests += 1 } }
    func add(bytes: Int64) { counts.withLock { $0.bytes &+= bytes } }

    static func counting<Result>(
        _ purpose: String, _ body: (RequestTally) async throws -> Result
    ) async throws -> Result {
        let tally = RequestTally(purpose)
        return try await $current.withValue(tally) { try await body(tally) }
    }
}

extension RequestTally {
    /// Takes what happens to a blob, for the purpose of the task that it happens in.
    package static func note(_ event: TransferEvent) {
        if case .arrived(let blob, .sent) = event { current?.add(bytes: blob.size) }
    }
}
