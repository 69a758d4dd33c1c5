import OCIModel
import Synchronization

/// The entries that a copy adds to a layout's `index.json`, which is written once, at the copy's end: reading and writing
/// it for each name would take the square of their number.
final class PendingNames: Sendable {
    private struct State: Sendable {
        var entries: [Descriptor] = []
        /// The documents of the names, as they will be.
        var current: [String: Descriptor]
    }

    private let state: Mutex<State>

    /// - Parameter index: The index as it is.
    init(after index: Index?) {
        var current: [String: Descriptor] = [:]
        for entry in index?.manifests ?? [] {
            guard let name = entry.annotations?[OCILayout.referenceName], current[name] == nil else { continue }
            current[name] = entry
        }
        state = Mutex(State(current: current))
    }

    func current(_ name: String) -> Descriptor? { state.withLock { $0.current[name] } }

    func add(_ entry: Descriptor) {
        state.withLock {
            $0.entries.append(entry)
            if let name = entry.annotations?[OCILayout.referenceName] { $0.current[name] = entry }
        }
    }

    func takeAll() -> [Descriptor] {
        state.withLock { state in
            defer { state.entries = [] }
            return state.entries
        }
    }
}

extension OCILayout {
    /// Passes this layout to `use`, and lists what that adds once `use` has ended, in whatever way: what was named was
    /// whole. `listed` is called when the names stand.
    package func listingAtOnce<R>(
        listed: () -> Void = {}, _ use: (OCILayout) async throws -> R
    ) async throws -> R {
        var layout = self
        let pending = PendingNames(after: try index())
        layout.pending = pending
        let result: Result<R, any Error>
        do { result = .success(try await use(layout)) } catch { result = .failure(error) }
        let entries = pending.takeAll()
        if !entries.isEmpty { try await list(entries) }
        listed()
        return try result.get()
    }
}
