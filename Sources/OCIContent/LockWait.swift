import DurableFiles
package import Scheduling
package import SystemPackage

/// The way in which operations wait for what another process holds: they say so, end when the task is cancelled, and give
/// up when nothing has moved for ten minutes.
package struct LockWait: Sendable {
    /// The way of the operations that the task runs.
    @TaskLocal package static var current = LockWait()

    private static let (pause, limit) = (Duration.milliseconds(50), Duration.seconds(600))
    /// The wait that nobody needs to hear of.
    private static let quiet = Duration.seconds(1)

    private let time: Timing
    private let say: @Sendable (String) -> Void

    package init(
        time: Timing = Timing(jitter: { 0 }), say: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        (self.time, self.say) = (time, say)
    }

    /// Tells of another wait.
    package func tell(_ text: String) { say(text) }

    /// Waits for those who hold the lock of a file or folder.
    ///
    /// - Parameters:
    ///   - purpose: The words that follow "cannot": `write to the layout /srv/etcd`.
    ///   - path: The path, by which the holders are found.
    ///   - progress: Returns what changes while the holder gets on.
    ///   - tryLock: Takes the lock if it is free.
    /// - Throws: `ContentError` `.busy`, with the holders; `CancellationError` if there was something to wait for.
    package static func lock(
        to purpose: String, at path: FilePath, progress: () -> Int64? = { nil }, _ tryLock: () -> Bool
    ) async throws {
        guard !tryLock() else { return }
        try await current.wait(purpose, path, progress, until: tryLock)
    }

    private func wait(
        _ purpose: String, _ path: FilePath, _ progress: () -> Int64?, until tryLock: () -> Bool
    ) async throws {
        let began = time.now()
        var (moved, state) = (began, progress())
        var isSaid = false
        repeat {
            let now = time.now()
            let latest = progress()
            if latest != state { (moved, state) = (now, latest) }
            guard moved.duration(to: now) < Self.limit else {
                throw ContentError(
                    .busy, "cannot \(purpose): \(Self.holders(of: path)) holds it for ten minutes now",
                    hint: "wait for that to end, or stop it; or choose another place")
            }
            if !isSaid, began.duration(to: now) >= Self.quiet {
                isSaid = true
                say("waiting to \(purpose), which \(Self.holders(of: path)) holds")
            }
            try await time.pause(Self.pause)
        } while !tryLock()
    }

    /// Returns the words for those who hold a lock.
    static func holders(of path: FilePath) -> String {
        let holders = FileSystem.lockHolders(of: path)
        return holders.isEmpty ? "another process" : holders.joined(separator: ", ")
    }
}
