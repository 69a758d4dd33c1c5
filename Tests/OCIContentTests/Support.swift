import DurableFiles
import Foundation
import OCIContent
import OCIModel
import Synchronization
import SystemPackage

/// Runs `body` with a temporary folder, which is removed afterwards.
func withTemporaryFolder<R>(_ body: (FilePath) throws -> R) throws -> R {
    let folder = makeTemporaryFolder()
    defer { removeAll(folder) }
    return try body(folder)
}

func withTemporaryFolder<R>(_ body: (FilePath) async throws -> R) async throws -> R {
    let folder = makeTemporaryFolder()
    defer { removeAll(folder) }
    return try await body(folder)
}

private func makeTemporaryFolder() -> FilePath {
    let folder = FileManager.default.temporaryDirectory.appending(path: "imagebuild-test-\(UUID())")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return FilePath(folder.path)
}

private func removeAll(_ path: FilePath) { try? FileManager.default.removeItem(atPath: path.string) }

func names(in folder: FilePath) throws -> [String] { try FileSystem.names(in: folder) }

/// Changes a file in place, whatever its mode, as a failing disk does.
func overwrite(_ path: FilePath, with text: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path.string)
    let file = try FileDescriptor.open(path, .writeOnly, options: .truncate)
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func increment() { count.add(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}

/// The events that a destination reported.
final class Events: Sendable {
    private let events = Mutex<[TransferEvent]>([])
    func add(_ event: TransferEvent) { events.withLock { $0.append(event) } }
    var all: [TransferEvent] { events.withLock { $0 } }

    /// Returns the number of bytes of a blob that were moved.
    func moved(_ digest: Digest) -> Int64 {
        all.reduce(0) { sum, event in
            if case .moved(digest, let bytes) = event { sum + bytes } else { sum }
        }
    }
}
