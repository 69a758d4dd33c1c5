import DurableFiles
import OCIContent
import OCIModel
import Scheduling
import Synchronization
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Waits for what other processes hold: they are said, end when they are cancelled, and do not last for ever.
@Suite struct LockWaitTests {
    /// A clock that goes on by a second with each pause.
    private final class Clock: Sendable {
        private let seconds = Mutex(0)
        private let began = ContinuousClock.now
        var passed: Int { seconds.withLock { $0 } }

        func wait(_ told: Messages, _ paused: @escaping @Sendable (Int) throws -> Void) -> LockWait {
            let time = Timing(
                now: { self.began + .seconds(self.passed) },
                pause: { _ in
                    try paused(
                        self.seconds.withLock {
                            $0 += 1; return $0
                        })
                }, jitter: { 0 })
            return LockWait(time: time, say: { told.add($0) })
        }
    }

    private final class Messages: Sendable {
        private let texts = Mutex<[String]>([])
        func add(_ text: String) { texts.withLock { $0.append(text) } }
        var all: [String] { texts.withLock { $0 } }
    }

    @Sendable private static func unlock(_ file: FileDescriptor) { _ = flock(file.rawValue, LOCK_UN) }

    private let entry = Descriptor(mediaType: .manifest, digest: Digest(of: [1]), size: 1)

    /// Runs `work`, which has to wait for `held` until `paused` lets go of it.
    private func waiting(
        for held: FilePath, _ paused: @escaping @Sendable (Int, FileDescriptor) throws -> Void,
        _ work: () async throws -> Void
    ) async throws -> (told: [String], passed: Int) {
        let holder = try FileSystem.open(held, .readOnly, "cannot open \(held)")
        defer { try? holder.close() }
        #expect(FileSystem.tryLock(holder, exclusive: true))
        let (clock, told) = (Clock(), Messages())
        try await LockWait.$current.withValue(clock.wait(told) { try paused($0, holder) }) { try await work() }
        return (told.all, clock.passed)
    }

    private func layout(in folder: FilePath) async throws -> OCILayout {
        let layout = OCILayout(root: folder.appending("layout"))
        try await layout.tag([1], as: entry, named: "old")
        return layout
    }

    @Test func `a layout that somebody holds is waited for, which is said once`() async throws {
        try await withTemporaryFolder { folder in
            let layout = try await layout(in: folder)
            let (told, passed) = try await waiting(
                for: layout.root, { if $0 == 300 { LockWaitTests.unlock($1) } },
                { try await layout.tag([1], as: entry, named: "new") })
            #expect(passed == 300)
            #expect(told == ["waiting to write to the layout \(layout.root), which another process holds"])
            #expect(try await layout.tags() == ["new", "old"])
        }
    }

    @Test func `who holds a layout for ten minutes is named, and nothing is set`() async throws {
        try await withTemporaryFolder { folder in
            let layout = try await layout(in: folder)
            _ = try await waiting(for: layout.root, { _, _ in }) {
                let error = await #expect(throws: ContentError.self) {
                    try await layout.tag([1], as: entry, named: "new")
                }
                #expect(error?.code == .busy && error?.hint != nil)
                #expect(error?.message.hasPrefix("cannot write to the layout \(layout.root): another process") == true)
            }
            #expect(try await layout.tags() == ["old"])
        }
    }

    @Test func `who is cancelled while waiting for a layout sets no name, and none is said to be set`() async throws {
        try await withTemporaryFolder { folder in
            let layout = try await layout(in: folder)
            let isListed = Flag()
            _ = try await waiting(for: layout.root, { _, _ in throw CancellationError() }) {
                await #expect(throws: CancellationError.self) {
                    try await layout.listingAtOnce(listed: { isListed.raise() }) {
                        try await $0.tag([1], as: entry, named: "new")
                    }
                }
            }
            #expect(!isListed.isRaised)
            #expect(try await layout.tags() == ["old"])
        }
    }

    @Test func `who is cancelled and need not wait lists what was whole`() async throws {
        try await withTemporaryFolder { folder in
            let layout = try await layout(in: folder)
            let task = Task {
                try await layout.listingAtOnce {
                    try await $0.tag([1], as: entry, named: "new")
                    withUnsafeCurrentTask { $0?.cancel() }
                    try Task.checkCancellation()
                }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await layout.tags() == ["new", "old"])
        }
    }

    @Test func `a store whose garbage is collected is waited for`() async throws {
        try await withTemporaryFolder { folder in
            let root = folder.appending("store")
            try FileSystem.makeDirectories(root)
            try FileSystem.write([], to: root.appending("lock"))
            let (told, _) = try await waiting(
                for: root.appending("lock"), { if $0 == 20 { LockWaitTests.unlock($1) } },
                { _ = try await ContentStore.open(root: root) })
            #expect(told == ["waiting to use the store \(root), which another process holds"])
        }
    }

    @Test func `a blob that another build fetches is waited for while it grows`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let part = store.root.pushing(FilePath("tmp/download-\(entry.digest.hex)"))
            try FileSystem.write([], to: part)
            let grow: @Sendable (Int, FileDescriptor) throws -> Void = { second, _ in
                if second <= 2000, second % 500 == 0 {
                    let file = try FileSystem.open(part, .writeOnly, "cannot write", options: .append)
                    defer { try? file.close() }
                    _ = try file.writeAll([7])
                }
            }
            let (told, passed) = try await waiting(for: part, grow) {
                let error = await #expect(throws: ContentError.self) {
                    try await store.download(entry.digest, size: 1000) { _ in }
                }
                #expect(error?.code == .busy)
            }
            #expect((2600...2602).contains(passed))
            #expect(told.count == 1)
        }
    }

    @Test func `a store that is not there is not made by whoever wants one that is`() async throws {
        try await withTemporaryFolder { folder in
            let root = folder.appending("stoer")
            let error = await #expect(throws: ContentError.self) { try await ContentStore.open(existing: root) }
            #expect(error?.code == .missing)
            #expect(FileSystem.isFolder(root) == nil)
        }
    }
}
