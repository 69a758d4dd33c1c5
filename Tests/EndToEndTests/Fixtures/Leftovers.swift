import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Folders that serve tests until the process ends, and are removed then.
enum Leftovers {
    fileprivate static let folders = Mutex<[URL]>([])

    static func removeAtExit(_ folder: URL) {
        let isFirst = folders.withLock { folders in
            folders.append(folder)
            return folders.count == 1
        }
        if isFirst { atexit { removeLeftovers() } }
    }
}

private func removeLeftovers() {
    for folder in Leftovers.folders.withLock({ $0 }) { try? FileManager.default.removeItem(at: folder) }
}
