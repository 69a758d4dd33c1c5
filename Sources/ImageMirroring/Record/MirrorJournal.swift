import DurableFiles
import OCIModel
import Synchronization
import SystemPackage

/// A record of the run that is going on: which blobs and documents are where, and which tags are done. A run that was
/// killed leaves it, and the next one asks for none of that again. It proves nothing, and ends with its run.
final class MirrorJournal: Sendable {
    /// The traces of an earlier run in one repository.
    struct Remains: Sendable {
        /// The blobs and documents that it put.
        var present: [Digest] = []
        /// The tags that it was done with.
        var done: [String: Digest] = [:]
        /// Whether the repository was new, so that it has nothing else.
        var wasNew = false
        /// Whether its registry takes a blob in one request; `nil` if that was not tried.
        var takesBlobsAtOnce: Bool?
    }

    fileprivate struct Line: Codable {
        /// The mirror file, in the first line.
        var file: Digest?
        /// A blob or document that is present at a destination.
        var present: Digest?
        /// The tag that is done.
        var tag: String?
        var digest: Digest?
        /// Whether the repository was new.
        var new: Bool?
        /// Whether the registry takes a blob in one request.
        var atOnce: Bool?
        /// The repository as `host/name`.
        var at: String?
        /// The time of the note, in seconds since the epoch.
        var time: Int64?
    }

    private static let limit: Int64 = 1 << 30
    /// The seconds for which a note counts. A run that comes later asks for what may have changed since: otherwise tags
    /// would not be looked at for as long as each run is throttled or killed, and blobs that nothing refers to be taken for
    /// present when the registry has cleared them away.
    private static let notesCount: Int64 = 3600

    private let path: FilePath
    /// The folder of what was read of the images that are under way.
    private let closures: FilePath
    private let file: AppendedFile
    private let now: @Sendable () -> Int64
    /// The traces of an earlier run, by repository.
    let remains: [String: Remains]
    /// The repositories of which it is noted that they were new, and how their registries take blobs.
    private let noted = Mutex<(new: Set<String>, atOnce: Set<String>)>(([], []))

    /// Opens the journal that a run of the same file left, or begins one.
    init(_ path: FilePath, of mirrorFile: Digest, now: @escaping @Sendable () -> Int64) throws {
        (self.path, self.now) = (path, now)
        let opening = now()
        closures = path.removingLastComponent().appending("closures")
        var remains: [String: Remains] = [:]
        var owner: Digest?
        func read() throws -> AppendedFile {
            try AppendedFile(path, limit: Self.limit) { bytes in
                guard let line = try? CanonicalJSON.decode(Line.self, from: Array(bytes)) else { return }
                if let file = line.file { owner = file }
                guard let place = line.at, let time = line.time else { return }
                guard (0..<Self.notesCount).contains(opening - time) else { return }
                remains[place, default: Remains()].take(line)
            }
        }
        var opened = try read()
        if owner != mirrorFile {
            try FileSystem.remove(path)
            try FileSystem.removeTree(closures)
            remains = [:]
            opened = try read()
            try opened.append(CanonicalJSON.encode(Line(file: mirrorFile)), isDurable: false)
        }
        (file, self.remains) = (opened, remains)
        try FileSystem.makeDirectories(closures)
    }

    /// Returns the file that keeps the documents read of one image.
    func closure(of image: String) -> FilePath { closures.appending(Digest(of: image.utf8).hex) }

    func note(present digest: Digest, at place: String) throws { try append(Line(present: digest, at: place)) }

    func note(done tag: String, _ digest: Digest, at place: String) throws {
        try append(Line(tag: tag, digest: digest, at: place))
    }

    /// Notes that a repository was new, once.
    func note(new place: String) throws {
        guard noted.withLock({ $0.new.insert(place).inserted }) else { return }
        try append(Line(new: true, at: place))
    }

    /// Notes whether the registry of a repository takes a blob in one request, once.
    func note(takesBlobsAtOnce takes: Bool, at place: String) throws {
        guard noted.withLock({ $0.atOnce.insert(place).inserted }) else { return }
        try append(Line(atOnce: takes, at: place))
    }

    private func append(_ line: Line) throws {
        var line = line
        line.time = now()
        try file.append(CanonicalJSON.encode(line), isDurable: false)
    }

    /// Ends the record: the run is over.
    func end() throws {
        try FileSystem.remove(path)
        try FileSystem.removeTree(closures)
    }
}

extension MirrorJournal.Remains {
    fileprivate mutating func take(_ line: MirrorJournal.Line) {
        if let digest = line.present { present.append(digest) }
        if let tag = line.tag, let digest = line.digest { done[tag] = digest }
        wasNew = wasNew || line.new == true
        takesBlobsAtOnce = line.atOnce ?? takesBlobsAtOnce
    }
}
