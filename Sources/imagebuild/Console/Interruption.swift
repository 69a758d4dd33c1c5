import Dispatch
import OCIContent
import Synchronization

/// Runs a command's `work`, whose waits are told on the console, so that Ctrl-C or a polite termination cancels it:
/// unfinished files are then removed on the way out. A second Ctrl-C ends the process at once, which the store survives
/// too; so does one that the work does not heed within ten seconds, because it waits for a pipe or a disk.
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
            DispatchQueue.global().asyncAfter(deadline: .now() + patience) {
                Console.end(with: "imagebuild: interrupted\n")
                Terminal.exitAtOnce(.interrupted)
            }
        }
        source.resume()
        return source
    }
    defer { for source in sources { source.cancel() } }
    try await task.value
}

private let patience = DispatchTimeInterval.seconds(10)

private final class SignalCount: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
