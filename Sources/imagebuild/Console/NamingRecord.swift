import ImageBuilding
import Synchronization

/// The names that a run has set: whoever interrupts it between two of them, and whoever reads why it failed there, must
/// not believe that nothing happened.
final class NamingRecord: Sendable {
    private struct State {
        var done: [String] = []
        /// Under way; whether it is set, nobody knows.
        var current: String?
    }

    private let state = Mutex(State())
    /// More are counted, not listed.
    private static let listed = 20

    func observe(_ event: PublicationEvent) {
        switch event {
        case .setting(let name): state.withLock { $0.current = name }
        case .set(let name, _): state.withLock { ($0.current, $0.done) = (nil, $0.done + [name]) }
        default: break
        }
    }

    /// Runs `work`, and lets its failure say what is set by then.
    func explaining<R>(_ work: () async throws -> R) async throws -> R {
        do { return try await work() } catch  where Failure.isOurs(error) { throw explained(Failure(error)) }
    }

    private func explained(_ failure: Failure) -> CommandError {
        let (done, current) = state.withLock { ($0.done, $0.current) }
        var lines = [failure.message]
        if failure.status == .interrupted {
            lines = ["interrupted" + (current.map { " at \($0), which may be set or not" } ?? "")]
            if done.isEmpty && current == nil { lines = ["interrupted; nothing was tagged"] }
        }
        if !done.isEmpty {
            let more = done.count - Self.listed
            lines.append(
                "  set before that: " + done.prefix(Self.listed).joined(separator: ", ")
                    + (more > 0 ? ", and \(more) more" : ""))
        }
        return CommandError(status: failure.status, message: lines.joined(separator: "\n"), hint: failure.hint)
    }
}
