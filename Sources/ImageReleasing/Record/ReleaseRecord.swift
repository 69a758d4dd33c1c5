import DurableFiles
import ImageAssembly
package import OCIModel
import SystemPackage

/// The record of a release as an in-toto statement (in-toto.io/Statement/v1) with the predicate `release/v0.1`: its
/// files and images are the subjects, and beside the predicate's own fields it says by which gates, signatures,
/// publications and tools.
package struct ReleaseRecord: Hashable, Sendable, Codable {
    package struct Subject: Hashable, Sendable, Codable {
        package var name: String
        package var digest: [String: String]

        init(name: String, _ digest: Digest) {
            (self.name, self.digest) = (name, [digest.algorithm.rawValue: digest.hex])
        }
    }

    package struct Predicate: Hashable, Sendable, Codable {
        /// The package URL.
        package var purl: String
        package var releaseId: String
        package var version: String
        package var previous: String?
        package var commit: String
        package var date: String
        package var releaseFile: Digest
        package var gates: [GateResult]
        /// The signers of each signature, by its name.
        package var signers: [String: [String]]
        /// The records of the step that publishes, by place.
        package var publications: [String: JSONValue]
        /// The versions of the programs that the steps used.
        package var tools: [String: String]
        package var withdrawn: Withdrawal?
    }

    package var _type: String
    package var subject: [Subject]
    package var predicateType: String
    package var predicate: Predicate
}

extension ReleaseFolder {
    /// The file of the record, which is no asset: it is written again after each step.
    package static let recordName = "release.intoto.json"

    /// Records the programs that a step uses.
    package func note(tools: [String: String], by step: ReleaseStep) throws {
        for (name, version) in tools.sorted(by: { $0.key < $1.key }) {
            guard try recorded("tool/\(name)", as: String.self) != version else { continue }
            try record(version, as: "tool/\(name)", by: step)
        }
    }

    /// Writes the record from what the steps have recorded so far.
    package func writeRecord(of release: Release) throws {
        let record = try ReleaseRecord(release, self)
        try FileSystem.write(CanonicalJSON.encodeForReading(record), to: path.appending(Self.recordName))
    }
}

extension ReleaseRecord {
    /// Collects what is recorded of a release.
    package init(_ release: Release, _ folder: ReleaseFolder) throws {
        let signers = folder.values(below: "signers/").mapValues { value in
            value.elements.compactMap { if case .text(let text) = $0 { text } else { nil } }
        }
        let tools = folder.values(below: "tool/").compactMapValues {
            if case .text(let text) = $0 { text } else { nil }
        }
        _type = "https://in-toto.io/Statement/v1"
        predicateType = "https://in-toto.io/attestation/release/v0.1"
        subject = folder.assets.map { Subject(name: $0.name, $0.digest) }
        for image in release.images {
            guard let built = try folder.recorded("image/\(image.name)", as: BuiltImage.self) else { continue }
            subject += image.repositories.map { Subject(name: $0.place, built.index.digest) }
        }
        predicate = Predicate(
            purl: "pkg:generic/\(release.file.name)@\(release.version)", releaseId: release.tag,
            version: release.version.description, previous: release.previous?.description, commit: release.commit,
            date: release.date.description, releaseFile: release.file.digest,
            gates: try folder.recorded("gates", as: [GateResult].self) ?? [], signers: signers,
            publications: folder.values(below: "published/"), tools: tools,
            withdrawn: try folder.recorded("withdrawn", as: Withdrawal.self))
    }
}
