import NIOPosix
import Synchronization

/// The threads on which all blocking and heavy work runs: the cooperative pool has as many threads as there are cores,
/// here two, so a few blocked tasks would stop everything. Each call runs one whole unit (a layer, a package).
package final class BlockingPool: Sendable {
    private let pool: NIOThreadPool

    /// Starts the threads.
    ///
    /// - Parameter threads: The number of threads, at least 1.
    package init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: max(1, threads))
        pool.start()
    }

    private init(_ pool: NIOThreadPool) { self.pool = pool }

    /// The threads of the process for reading, writing, linking and syncing files, which never end. They are NIO's own, on
    /// which HTTP sends files as well: short work does not wait there behind layers that are being compressed.
    package static let files = BlockingPool(NIOThreadPool.singleton)

    /// Runs `work` on a thread of the pool. `work` polls the flag that it is given, which cancelling the task sets.
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

    /// Waits for running work, then ends the threads.
    package func shutDown() async throws { try await pool.shutdownGracefully() }
}

/// A flag that is set once and read by work on another thread, where `Task.isCancelled` says nothing.
package final class CancellationFlag: Sendable {
    private let value = Atomic<Bool>(false)
    package init() {}
    package var isSet: Bool { value.load(ordering: .relaxed) }
    package func set() { value.store(true, ordering: .relaxed) }
}

/// Maps `items`, at most `limit` at once, in a sliding window, so that a slow item does not hold up the others. The
/// results are in the order of the items; the first failure cancels the rest.
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
