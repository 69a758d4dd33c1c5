import DurableFiles
package import OCIModel
package import SystemPackage

/// The folder of one release: its assets as people will download them, and below `.imagebuild` the journal, the lock and
/// what steps work with. One process uses it at a time.
///
/// An asset is put there once, under its name, durably, and recorded. From then on a file that is not the recorded one
/// is an error.
package final class ReleaseFolder: Sendable {
    package let path: FilePath
    /// The folder for unfinished work, which may be removed.
    package let work: FilePath
    private let journal: ReleaseJournal
    private let lock: ProcessLock

    /// Opens or creates the folder of a release.
    ///
    /// - Throws: `FileError` `.inUse` while another process uses it; `ReleaseError` `.refused` if it is the folder of
    ///   another release.
    package init(_ path: FilePath, of release: Release) throws {
        let state = path.appending(".imagebuild")
        try FileSystem.makeDirectories(state)
        lock = try ProcessLock(at: state.appending("lock"), "cannot release with \(path)")
        journal = try ReleaseJournal(
            state.appending("journal.jsonl"),
            of: .init(
                file: release.file.digest, version: release.version.description,
                previous: release.previous?.description, commit: release.commit))
        (self.path, work) = (path, state.appending("work"))
        try FileSystem.makeDirectories(work)
    }

    /// The recorded assets in the order of their names.
    package var assets: [Asset] {
        journal.assets.values.map(\.asset).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Returns the recorded asset of a name.
    package func asset(_ name: String) -> Asset? { journal.assets[name]?.asset }

    /// Returns the assets that a step made, in the order of their names.
    package func assets(by step: ReleaseStep) -> [Asset] {
        assets.filter { journal.assets[$0.name]?.step == step }
    }

    package func path(of asset: Asset) -> FilePath { path.appending(asset.name) }

    package func isDone(_ step: ReleaseStep) -> Bool { journal.isDone(step) }

    /// Records that a step is done.
    package func finish(_ step: ReleaseStep) throws { try journal.note(done: step) }

    /// Refuses to go on before a step is done, and once the release is withdrawn.
    package func require(_ step: ReleaseStep, before next: ReleaseStep) throws {
        if let withdrawal = try withdrawal {
            throw ReleaseError(
                .refused, "the release in \(path) was withdrawn on \(withdrawal.time)", hint: "release the next version"
            )
        }
        guard isDone(step) else {
            throw ReleaseError(
                .incomplete, "cannot \(next.rawValue) the release in \(path): its step '\(step.rawValue)' is not done",
                hint: "run imagebuild release \(step.rawValue) first")
        }
    }

    /// Returns what was recorded under a key.
    package func recorded<Value: Decodable>(_ key: String, as type: Value.Type) throws -> Value? {
        try journal.value(of: key).map { try CanonicalJSON.decode(type, from: CanonicalJSON.encode($0)) }
    }

    /// Returns what was recorded under the keys that begin with a text, by the rest of the key.
    package func values(below prefix: String) -> [String: JSONValue] {
        var found: [String: JSONValue] = [:]
        for (key, value) in journal.values where key.hasPrefix(prefix) {
            found[String(key.dropFirst(prefix.count))] = value
        }
        return found
    }

    /// Records a value under a key; a later one takes its place.
    package func record(_ value: some Encodable, as key: String, by step: ReleaseStep) throws {
        try journal.note(JSONValue(value), for: key, by: step)
    }

    /// Gives a finished file in the work folder its place and name as an asset, and records it. An asset that is recorded
    /// already must be the same.
    ///
    /// - Throws: `ReleaseError` `.changed` if another file has the name.
    @discardableResult
    package func adopt(
        _ file: FilePath, as name: String, _ kind: Asset.Kind, by step: ReleaseStep
    ) throws -> Asset {
        let (size, digest) = try Self.measure(file)
        let asset = Asset(name: name, kind: kind, size: size, digest: digest)
        let target = path.appending(name)
        if FileSystem.regularFileSize(target) != nil || self.asset(name) != nil {
            let present = try Self.measure(target)
            guard present == (size, digest), self.asset(name).map({ $0 == asset }) ?? true else {
                throw Self.changed(target, "it is not what was made for it now")
            }
            try FileSystem.remove(file)
        } else {
            let opened = try FileSystem.open(file, .readOnly, "cannot read \(file)")
            defer { try? opened.close() }
            try FileSystem.sync(opened, file)
            try FileSystem.rename(file, to: target)
            try FileSystem.syncDirectory(path)
        }
        if self.asset(name) == nil { try journal.note(asset, by: step) }
        return asset
    }

    /// Records a file that already has its place, which a killed run put there and its caller has found good.
    @discardableResult
    package func claim(_ name: String, _ kind: Asset.Kind, by step: ReleaseStep) throws -> Asset {
        let (size, digest) = try Self.measure(path.appending(name))
        let asset = Asset(name: name, kind: kind, size: size, digest: digest)
        try journal.note(asset, by: step)
        return asset
    }

    /// Writes a small asset whose bytes follow from the others. A later step may replace it: sums gain the signatures.
    @discardableResult
    package func write(_ bytes: [UInt8], as name: String, _ kind: Asset.Kind, by step: ReleaseStep) throws -> Asset {
        let asset = Asset(name: name, kind: kind, size: Int64(bytes.count), digest: Digest(of: bytes))
        // A kill between the two leaves a file without a record, which is written again, or the earlier bytes of a file
        // that is being replaced, which `check` accepts until the step is done.
        let known = self.asset(name)
        if known != nil, known != asset { try journal.note(asset, by: step) }
        try FileSystem.write(bytes, to: path.appending(name))
        if known == nil { try journal.note(asset, by: step) }
        return asset
    }

    /// Checks that every recorded asset, or each of these, is still the file that was recorded.
    ///
    /// - Throws: `ReleaseError` `.changed` for the first that is not.
    package func check(_ assets: [Asset]? = nil) throws {
        for asset in assets ?? self.assets {
            let file = path(of: asset)
            guard FileSystem.plainFileSize(file) != nil else { throw Self.changed(file, "it is gone") }
            let (_, digest) = try Self.measure(file)
            guard digest == asset.digest || journal.wasReplacing(asset.name, having: digest) else {
                throw Self.changed(file, "its bytes are not those that were recorded")
            }
        }
    }

    private static func changed(_ file: FilePath, _ how: String) -> ReleaseError {
        ReleaseError(
            .changed, "\(file) has changed since the release recorded it: \(how)",
            hint: "restore the file, or begin again in another folder (--output)")
    }

    /// Returns the size and the digest of a file that has its own name here.
    private static func measure(_ path: FilePath) throws -> (Int64, Digest) {
        try FileSystem.measure(path, options: .noFollow)
    }
}
