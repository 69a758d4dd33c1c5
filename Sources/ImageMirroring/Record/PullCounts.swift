import DurableFiles
import OCIModel
import SystemPackage

/// The pulls of a run from a registry, which count against its quota until the quota's time is over.
package struct PullCount: Hashable, Sendable, Codable {
    var host: String
    /// The end of the run, in seconds since the epoch.
    var time: Int64
    var pulls: Int
}

extension MirrorRecords {
    private static let (name, limit): (FilePath.Component, Int64) = ("pulls.json", 1 << 20)
    /// The number of runs that are remembered.
    private static let runs = 1000

    /// Reads the pulls of earlier runs. What cannot be read is forgotten: the registries themselves say when it is enough.
    package var pulls: [PullCount] {
        guard let bytes = try? FileSystem.read(folder.appending(Self.name), limit: Self.limit) else { return [] }
        return (try? CanonicalJSON.decode([PullCount].self, from: bytes)) ?? []
    }

    /// Adds the pulls of a run.
    package func note(_ counts: [PullCount]) throws {
        guard !counts.isEmpty else { return }
        try FileSystem.write(
            CanonicalJSON.encode(Array((pulls + counts).suffix(Self.runs))), to: folder.appending(Self.name))
    }
}
