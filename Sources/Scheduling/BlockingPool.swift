import NIOPosix
import Synchronization

/// The one place where blocking and heavy work runs: the cooperative pool has as many threads as cores, here two, and a
/// few blocked tasks would stop everything. One whole unit (a layer, a package) per call.
package final class BlockingPool: Sendable {
    private let pool: NIOThreadPool

    /// - Parameter threads: at least 1.
    package init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: max(1, threads))
        pool.start()
    }

    /// Runs `work` on a thread of the pool. `work` polls the flag it is given: cancelling the task sets it.
    package func run<R: Sendable>(_ work: @escaping @Sendable (CancellationFlag) throws -> R) async throws -> R {
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await pool.runIfActive { try work(flag) }
        } onCancel: {
            flag.set()
        }
    }

    /// Hands out a pool of so many threads (at least 1) for the time of `use`, and ends them however `use` ends.
    package static func with<R>(threads: Int, _ use: (BlockingPool) async throws -> R) async throws -> R {
        let pool = BlockingPool(threads: threads)
        let result: R
        do { result = try await use(pool) } catch {
            try? await pool.shutDown()
            throw error
        }
        try await pool.shutDown()
        return result
    }

    /// Waits for running work and ends the threads.
    package func shutDown() async throws { try await pool.shutdownGracefully() }
}

/// Set once, read by work on another thread: `Task.isCancelled` says nothing there.
package final class CancellationFlag: Sendable {
    private let value = Atomic<Bool>(false)
    package init() {}
    package var isSet: Bool { value.load(ordering: .relaxed) }
    package func set() { value.store(true, ordering: .relaxed) }
}

/// Maps `items` with at most `limit` at once: a sliding window, so a slow item holds up nobody. Results in the items'
/// order; the first failure cancels the rest.
package func mapConcurrently<Item: Sendable, Result: Sendable>(
    _ items: [Item], limit: Int, _ transform: @escaping @Sendable (Item) async throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results = [Result?](repeating: nil, count: items.count)
        var next = 0
        func startOne() {
            guard next < items.count else { return }
            let index = next
            let item = items[index]
            next += 1
            group.addTask { (index, try await transform(item)) }
        }
        for _ in 0..<max(1, limit) { startOne() }
        while let (index, result) = try await group.next() {
            results[index] = result
            startOne()
        }
        return results.compactMap { $0 }
    }
}
