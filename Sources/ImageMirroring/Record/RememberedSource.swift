import DurableFiles
import FoundationEssentials
import OCIContent
import OCIModel
import Synchronization
import SystemPackage

/// A source of one image, of which all that is read is kept in a file until the image is copied: a run that was killed
/// leaves it, and the next one does not read it again. It proves nothing: every document is checked against its digest.
final class RememberedSource: WrappedSource {
    /// An answer: the bytes of a document, its referrers, or the document that a name stands for.
    private struct Line: Codable {
        var document: String?
        var bytes: Data?
        var subject: String?
        var referrers: [Descriptor]?
        var name: String?
        var found: Descriptor?
        /// The time of the answer, in seconds since the epoch.
        var time: Int64
    }

    private struct Answers {
        var documents: [String: Data] = [:]
        var referrers: [String: [Descriptor]] = [:]
        var names: [String: Descriptor] = [:]

        mutating func take(_ line: Line, now: Timestamp) {
            if let document = line.document, let bytes = line.bytes { documents[document] = bytes }
            guard (0..<RememberedSource.answersCount).contains(now.seconds - line.time) else { return }
            if let subject = line.subject, let found = line.referrers { referrers[subject] = found }
            if let name = line.name, let found = line.found { names[name] = found }
        }
    }

    /// The most bytes that are read of a file: several times those of the documents of one copy.
    private static let limit: Int64 = 256 << 20
    /// The seconds for which names and listings of referrers count: about as long as a run that nothing kills takes from
    /// reading an image to writing it. An image that is copied once is not looked at again, so that older ones would hide
    /// what was attached since.
    private static let answersCount: Int64 = 600

    let base: any ContentSource
    private let path: FilePath
    private let file: AppendedFile
    private let now: Timestamp
    private let known: Mutex<Answers>

    init(_ base: any ContentSource, keptIn path: FilePath, now: Timestamp) throws {
        (self.base, self.path, self.now) = (base, path, now)
        var known = Answers()
        file = try AppendedFile(path, limit: Self.limit) { bytes in
            guard let line = try? CanonicalJSON.decode(Line.self, from: Array(bytes)) else { return }
            known.take(line, now: now)
        }
        self.known = Mutex(known)
    }

    func resolve(_ name: String) async throws -> Descriptor {
        if let known = known.withLock({ $0.names[name] }) { return known }
        let found = try await base.resolve(name)
        try keep(Line(name: name, found: found, time: now.seconds))
        return found
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let name = "\(descriptor.digest)"
        if let known = known.withLock({ $0.documents[name] }), descriptor.digest.isOf(known) { return Array(known) }
        let bytes = try await base.document(descriptor)
        try keep(Line(document: name, bytes: Data(bytes), time: now.seconds))
        return bytes
    }

    func referrers(of subject: Digest) async throws -> [Descriptor] {
        if let known = known.withLock({ $0.referrers["\(subject)"] }) { return known }
        let found = try await base.referrers(of: subject)
        try keep(Line(subject: "\(subject)", referrers: found, time: now.seconds))
        return found
    }

    /// Keeps an answer at once: a run may be killed before it has read all of the image. A machine that stops may lose it.
    private func keep(_ line: Line) throws {
        known.withLock { $0.take(line, now: now) }
        try file.append(CanonicalJSON.encode(line), isDurable: false)
    }

    func forget() throws { try FileSystem.remove(path) }
}
