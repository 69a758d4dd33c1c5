import DurableFiles
import OCIModel
import Synchronization
import SystemPackage

/// A record of the run that is going on: which blobs and documents are where, and which tags are done. A run that was
/// killed leaves it, and the next one asks for none of that again. It proves nothing, and ends with its run.
final class MirrorJournal: Sendable {
    private struct Line: Codable {
        /// The mirror file, in the first line.
        var file: Digest?
        /// A blob or document that is present at a destination.
        var present: Digest?
        /// The tag that is done.
        var tag: String?
        var digest: Digest?
        /// The repository as `host/name`.
        var at: String?
    }

    private static let limit: Int64 = 1 << 30

    private let path: FilePath
    private let file: AppendedFile
    /// The blobs and documents that an earlier run put, by repository.
    let present: [String: [Digest]]
    /// The tags that it was done with, by repository.
    let done: [String: [String: Digest]]

    /// Opens the journal that a run of the same file left, or begins one.
    init(_ path: FilePath, of mirrorFile: Digest) throws {
        self.path = path
        var present: [String: [Digest]] = [:]
        var done: [String: [String: Digest]] = [:]
        var owner: Digest?
        func read() throws -> AppendedFile {
            try AppendedFile(path, limit: Self.limit) { bytes in
                guard let line = try? CanonicalJSON.decode(Line.self, from: Array(bytes)) else { return }
                if let file = line.file { owner = file }
                guard let place = line.at else { return }
                if let digest = line.present { present[place, default: []].append(digest) }
                if let tag = line.tag, let digest = line.digest { done[place, default: [:]][tag] = digest }
            }
        }
        var opened = try read()
        if owner != mirrorFile {
            try FileSystem.remove(path)
            (present, done) = ([:], [:])
            opened = try read()
            try opened.append(CanonicalJSON.encode(Line(file: mirrorFile)), isDurable: false)
        }
        (file, self.present, self.done) = (opened, present, done)
    }

    func note(present digest: Digest, at place: String) throws {
        try file.append(CanonicalJSON.encode(Line(present: digest, at: place)), isDurable: false)
    }

    func note(done tag: String, _ digest: Digest, at place: String) throws {
        try file.append(CanonicalJSON.encode(Line(tag: tag, digest: digest, at: place)), isDurable: false)
    }

    /// Ends the record: the run is over.
    func end() throws { try FileSystem.remove(path) }
}
