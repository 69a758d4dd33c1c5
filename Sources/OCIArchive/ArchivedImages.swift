package import DurableFiles
import LayerArchive
import OCIContent
import OCIModel
import SystemPackage

/// The named images of an archive, with their platforms: what is lost where another archive takes its place.
package struct ArchivedImages: Sendable {
    /// The platforms of each name.
    private var platforms: [String: [String]] = [:]

    private static let documentLimit: Int64 = 16 << 20

    /// All names, sorted by bytes.
    package var names: [String] { platforms.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    /// Reads the file that an output replaces; `nil` if there is none, or an empty one. Blocks.
    ///
    /// - Throws: `ContentError` `.refused` for a file that is no archive of images; nobody meant that one.
    package init?(replacedBy output: OutputFile) throws {
        guard let path = output.replacedFile else { return nil }
        do { try self.init(reading: path) } catch let error as FileError { throw error } catch {
            throw ContentError(
                .refused,
                "cannot write \(output.path): the file that is there is not a whole, uncompressed archive of images, "
                    + "and would be lost",
                hint: "name another file, or remove that one")
        }
    }

    private init(reading path: FilePath) throws {
        let table = try TarTable(
            reading: path,
            spool: { throw ContentError(.refused, "\(path) is compressed") }, isCancelled: { Task.isCancelled })
        // Docker writes both lists, and full names in its own alone.
        if let slice = table.slice("manifest.json") {
            let bytes = try table.contents(slice, limit: Self.documentLimit)
            let listed = try CanonicalJSON.decode([DockerArchive.Listed].self, ofOthers: bytes, knowing: .none)
            for image in listed {
                let names = (image.repoTags ?? []).map(Self.shortened)
                for name in names.isEmpty ? [Self.nameless] : names { platforms[name, default: []] += [] }
            }
        } else if let slice = table.slice("index.json") {
            let index = try CanonicalJSON.decode(
                Index.self, ofOthers: try table.contents(slice, limit: Self.documentLimit))
            for entry in index.manifests {
                let name = entry.annotations?[OCILayout.referenceName] ?? Self.nameless
                platforms[name, default: []] += Self.platforms(of: entry, in: table)
            }
        } else {
            throw ContentError(.invalidLayout, "\(path) has no list of images")
        }
    }

    private static let nameless = "an image without a name"

    /// Returns a name of Docker's as its users write it.
    package static func shortened(_ name: String) -> String {
        for prefix in ["docker.io/library/", "docker.io/"] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }

    /// Returns the platforms that an index lists; none if it cannot be read: nothing is lost with it.
    private static func platforms(of entry: Descriptor, in table: TarTable) -> [String] {
        let name = "blobs/\(entry.digest.algorithm.rawValue)/\(entry.digest.hex)"
        guard entry.mediaType.isIndex, let slice = table.slice(name),
            let bytes = try? table.contents(slice, limit: documentLimit),
            let index = try? CanonicalJSON.decode(Index.self, ofOthers: bytes)
        else { return [] }
        return index.manifests.compactMap(\.platform).map(\.description)
    }

    /// Returns what this has and its successor lacks, in words: names, and platforms of names that stay.
    func lost(in successor: ArchivedImages) -> [String] {
        names.flatMap { name -> [String] in
            guard let kept = successor.platforms[name] else { return [name] }
            // One platform alone lists none.
            let gone = (platforms[name] ?? []).filter { !kept.contains($0) }
            return gone.map { "\(name) for \($0)" }
        }
    }
}
