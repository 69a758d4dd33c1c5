import DurableFiles
import FoundationEssentials
import OCIContent
import OCIModel
import Synchronization
import SystemPackage

/// A source of one image, of which all that is read is kept in a file until the image is copied: a run that was killed
/// leaves it, and the next one does not read it again. It proves nothing: every document is checked against its digest.
final class RememberedSource: WrappedSource {
    private struct Notes: Codable {
        /// The time at which the first was read, in seconds since the epoch.
        var began: Int64
        /// The bytes of documents, and the referrers of documents, by digest.
        var documents: [String: Data] = [:]
        var referrers: [String: [Descriptor]] = [:]
        /// The documents that names stand for.
        var names: [String: Descriptor] = [:]
    }

    /// The most bytes that are read of a file; one that is larger is not written.
    private static let limit: Int64 = 64 << 20
    /// The seconds for which names and listings of referrers count: about as long as a run that nothing kills takes from
    /// reading an image to writing it. An image that is copied once is not looked at again, so that older ones would hide
    /// what was attached since.
    private static let answersCount: Int64 = 600

    let base: any ContentSource
    private let file: FilePath
    private let notes: Mutex<Notes>

    init(_ base: any ContentSource, keptIn file: FilePath, now: Timestamp) {
        (self.base, self.file) = (base, file)
        let bytes = (try? FileSystem.read(file, limit: Self.limit)) ?? nil
        var known = bytes.flatMap { try? CanonicalJSON.decode(Notes.self, from: $0) } ?? Notes(began: now.seconds)
        if !(0..<Self.answersCount).contains(now.seconds - known.began) {
            (known.began, known.referrers, known.names) = (now.seconds, [:], [:])
        }
        notes = Mutex(known)
    }

    func resolve(_ name: String) async throws -> Descriptor {
        if let known = notes.withLock({ $0.names[name] }) { return known }
        let found = try await base.resolve(name)
        notes.withLock { $0.names[name] = found }
        return found
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let name = "\(descriptor.digest)"
        if let known = notes.withLock({ $0.documents[name] }), descriptor.digest.isOf(known) { return Array(known) }
        let bytes = try await base.document(descriptor)
        notes.withLock { $0.documents[name] = Data(bytes) }
        return bytes
    }

    func referrers(of subject: Digest) async throws -> [Descriptor] {
        if let known = notes.withLock({ $0.referrers["\(subject)"] }) { return known }
        let found = try await base.referrers(of: subject)
        notes.withLock { $0.referrers["\(subject)"] = found }
        return found
    }

    /// Keeps what was read. A machine that stops may lose it.
    func keep() throws {
        let bytes = try CanonicalJSON.encode(notes.withLock { $0 })
        guard bytes.count <= Self.limit else { return }
        let descriptor = try FileSystem.open(
            file, .writeOnly, "cannot write \(file)", options: [.create, .truncate], permissions: [.ownerReadWrite])
        defer { try? descriptor.close() }
        do { try descriptor.writeAll(bytes) } catch let problem as Errno {
            throw FileError(problem, "cannot write \(file)")
        }
    }

    func forget() throws { try FileSystem.remove(file) }
}
