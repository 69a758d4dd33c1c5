import DurableFiles
import OCIModel
import Synchronization
import SystemPackage

/// The record of what the steps of one release did, which each repeated or interrupted step begins with. It only grows,
/// and each line is on the disk before the next thing is done.
final class ReleaseJournal: Sendable {
    /// The release that a folder belongs to.
    struct Identity: Hashable, Codable {
        var file: Digest
        var version: String
        var previous: String?
        var commit: String
    }

    fileprivate struct Line: Codable {
        var release: Identity?
        var step: ReleaseStep?
        var asset: Asset?
        /// The name of something that is known since, with its value.
        var key: String?
        var value: JSONValue?
        /// Whether the step is done.
        var done: Bool?

        /// Whether the line says something.
        var isEntry: Bool { release != nil || step != nil && (asset != nil || key != nil || done != nil) }
    }

    fileprivate struct State {
        var identity: Identity?
        var assets: [String: (step: ReleaseStep, asset: Asset)] = [:]
        /// The digests that assets had before they were replaced.
        var earlier: [String: Set<Digest>] = [:]
        var values: [String: JSONValue] = [:]
        var done: Set<ReleaseStep> = []
    }

    private static let limit: Int64 = 256 << 20

    private let file: AppendedFile
    private let state: Mutex<State>

    /// Opens the journal of a release, or begins one.
    ///
    /// - Throws: `ReleaseError` `.refused` if it is another release's, `.changed` if a line cannot be read.
    init(_ path: FilePath, of identity: Identity) throws {
        var read = State()
        var number = 0
        file = try AppendedFile(path, limit: Self.limit) { bytes in
            number += 1
            guard let line = try? CanonicalJSON.decode(Line.self, from: Array(bytes)), line.isEntry else {
                throw ReleaseError(
                    .changed, "line \(number) of \(path) is not an entry of a journal",
                    hint: "restore the file, or release into another folder")
            }
            read.note(line)
        }
        guard let owner = read.identity else {
            state = Mutex(read)
            try append(Line(release: identity))
            return
        }
        guard owner == identity else { throw Self.otherRelease(owner, identity, path) }
        state = Mutex(read)
    }

    private static func otherRelease(_ owner: Identity, _ wanted: Identity, _ path: FilePath) -> ReleaseError {
        let difference =
            if owner.version != wanted.version {
                "it is for \(owner.version)"
            } else if owner.commit != wanted.commit {
                "it is for the commit \(owner.commit.prefix(12)), and the tag stands for \(wanted.commit.prefix(12))"
            } else if owner.previous != wanted.previous {
                "it was begun with \(owner.previous ?? "none") as the previous version"
            } else {
                "the release file has changed since it was begun"
            }
        return ReleaseError(
            .refused, "\(path.removingLastComponent()) belongs to another release: \(difference)",
            hint: "undo the change, or release into another folder (--output)")
    }

    /// The assets with the steps that made them, by name.
    var assets: [String: (step: ReleaseStep, asset: Asset)] { state.withLock(\.assets) }

    /// Returns whether an asset was about to be replaced when its step ended early, and still has these earlier bytes.
    func wasReplacing(_ name: String, having digest: Digest) -> Bool {
        state.withLock { state in
            guard let (step, _) = state.assets[name], !state.done.contains(step) else { return false }
            return state.earlier[name]?.contains(digest) ?? false
        }
    }

    /// The values by key.
    var values: [String: JSONValue] { state.withLock(\.values) }

    func value(of key: String) -> JSONValue? { state.withLock { $0.values[key] } }

    func isDone(_ step: ReleaseStep) -> Bool { state.withLock { $0.done.contains(step) } }

    func note(_ asset: Asset, by step: ReleaseStep) throws { try append(Line(step: step, asset: asset)) }

    func note(_ value: JSONValue, for key: String, by step: ReleaseStep) throws {
        try append(Line(step: step, key: key, value: value))
    }

    func note(done step: ReleaseStep) throws { try append(Line(step: step, done: true)) }

    private func append(_ line: Line) throws {
        try state.withLock { state in
            try file.append(CanonicalJSON.encode(line), isDurable: true)
            state.note(line)
        }
    }
}

extension ReleaseJournal.State {
    fileprivate mutating func note(_ line: ReleaseJournal.Line) {
        if let release = line.release { identity = release }
        guard let step = line.step else { return }
        if let asset = line.asset {
            if let old = assets[asset.name] { earlier[asset.name, default: []].insert(old.asset.digest) }
            assets[asset.name] = (step, asset)
        }
        if let key = line.key { values[key] = line.value }
        if line.done == true { done.insert(step) }
    }
}
