import Dispatch
import Synchronization

/// Runs `work` so that Ctrl-C or a polite termination cancels it: unfinished files are then removed on the way out.
/// A second Ctrl-C ends the process at once, which the store survives too.
func cancellingOnInterrupt(_ work: @escaping @Sendable () async throws -> Void) async throws {
    // The one unstructured task of the program: a signal handler has to have something to cancel.
    let task = Task { try await work() }
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
