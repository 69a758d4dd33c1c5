import Dispatch
import OCIContent
import Synchronization

/// Runs a command's `work`, whose waits are told on the console, so that Ctrl-C or a polite termination cancels it:
/// unfinished files are then removed on the way out. A second Ctrl-C ends the process at once, which the store survives
/// too.
func withConsole(_ work: @escaping @Sendable (Console) async throws -> Void) async throws {
    let console = Console(environment: Surroundings.environment)
    // A signal handler has to have something to cancel.
    let task = Task {
        try await LockWait.$current.withValue(LockWait(say: { console.note($0) })) { try await work(console) }
    }
    let signals = SignalCount()
    let sources = Terminal.takeStopSignals().map { number in
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            if signals.next() > 1 { Terminal.exitAtOnce(.interrupted) }
            task.cancel()
        }
        source.resume()
        return source
    }
    defer { for source in sources { source.cancel() } }
    try await task.value
}

private final class SignalCount: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
