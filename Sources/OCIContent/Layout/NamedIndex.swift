package import OCIModel

/// The `index.json` of a layout, in a folder or an archive: the documents that it names, and those that it only lists
/// (image-spec, image-layout.md, "index.json").
package struct NamedIndex: Sendable {
    package var index: Index
    /// The folder or archive, for messages.
    package var place: String

    package init(_ index: Index, in place: String) {
        self.index = index
        self.place = place
    }

    private func name(of entry: Descriptor) -> String? { entry.annotations?[OCILayout.referenceName] }

    /// All names, sorted by bytes, each once.
    package var names: [String] {
        Set(index.manifests.compactMap(name)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Returns the entry of a name or of a digest written as text; without one, the only entry that is not a referrer.
    ///
    /// - Throws: `ContentError` `.missing`, with the existing names.
    package func entry(named wanted: String?, referrers: Set<Digest> = []) throws -> Descriptor {
        let found = index.manifests.filter { entry in
            guard let wanted else { return name(of: entry) != nil || !referrers.contains(entry.digest) }
            return name(of: entry) == wanted || entry.digest.description == wanted
        }
        let digests = Set(found.map(\.digest.description))
        guard let first = found.first, digests.count == 1 else {
            if wanted != nil, digests.count > 1 {
                throw ContentError(
                    .missing, "\(place) has several images named \(wanted ?? "")",
                    hint: "choose one by its digest, as \(place)@DIGEST: \(digests.sorted().joined(separator: ", "))")
            }
            throw ContentError(
                .missing,
                "\(place) has \(found.isEmpty ? "no image" : "several images")" + (wanted.map { " named \($0)" } ?? ""),
                hint: names.isEmpty ? "build one first" : "choose one of: \(names.joined(separator: ", "))")
        }
        return first
    }

    /// Returns the document that each name stands for, in the names' order.
    ///
    /// - Throws: `ContentError` `.missing` if a name stands for several images.
    package func tagged() throws -> [(tag: String, root: Descriptor)] {
        let entries = index.manifests.compactMap { entry in name(of: entry).map { ($0, entry) } }
        let roots = Dictionary(grouping: entries, by: \.0)
        return try names.map { name in
            let found = (roots[name] ?? []).map(\.1)
            return (name, try Self(Index(manifests: found), in: place).entry(named: name))
        }
    }

    /// Returns the listed documents that refer to another.
    package func referrers(in source: any ContentSource) async throws -> [(referrer: Descriptor, subject: Digest)] {
        var found: [(referrer: Descriptor, subject: Digest)] = []
        for entry in index.manifests where entry.size <= CopyLimits().documentSize {
            let bytes = try await source.document(entry)
            guard let document = try? Document<DocumentLink>(bytes),
                let subject = document.subjectDigest
            else { continue }
            found.append((document.referrer(entry), subject))
        }
        return found
    }
}
