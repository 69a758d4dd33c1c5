import DurableFiles
import Foundation
import OCIContent
import OCIModel
import Synchronization
import SystemPackage

func names(in folder: FilePath) throws -> [String] { try FileSystem.names(in: folder) }

/// Changes a file in place, whatever its mode, as a failing disk does.
func overwrite(_ path: FilePath, with text: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path.string)
    let file = try FileDescriptor.open(path, .writeOnly, options: .truncate)
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
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
