package import OCIModel

/// The lines of a registry promoter's `images.yaml` by which an index gets its public tags.
package enum Promotion {
    /// Returns an image's entry: the digest of its index, with the tags that it is promoted to.
    package static func lines(_ image: ReleasedImage, of release: Release, index: Digest) -> String {
        let tags = image.promotion.map { "\"\(release.filled($0))\"" }.joined(separator: ", ")
        return "- name: \(image.name)\n  dmap:\n    \"\(index)\": [\(tags)]\n"
    }

    /// Returns what a promoter's file, which may have other images and digests, says otherwise: a line for each tag, none
    /// if it says the same.
    package static func differences(
        _ text: String, _ image: ReleasedImage, of release: Release, index: Digest
    ) -> [String] {
        let known = tags(in: text, of: image.name)
        return image.promotion.map { release.filled($0) }.compactMap { tag in
            let digests = known.filter { $0.tags.contains(tag) }.map(\.digest)
            if digests.isEmpty { return "\(image.name): no digest has the tag \(tag)" }
            if digests == [index.description] { return nil }
            return "\(image.name): the tag \(tag) is for \(quoted(digests.joined(separator: " and "))), not \(index)"
        }
    }

    /// Reads the entries of an image. The promoter's files have one digest on a line, with its tags in brackets.
    private static func tags(in text: String, of image: String) -> [(digest: String, tags: [String])] {
        var (isOwn, entries) = (false, [(digest: String, tags: [String])]())
        for line in text.split(separator: "\n") {
            let bare = line.drop { $0 == " " }
            if bare.hasPrefix("- name:") {
                isOwn = bare.dropFirst(7).filter { !" \"'".contains($0) } == image
            } else if isOwn, let place = line.firstRange(of: "sha256:") {
                let hex = line[place.upperBound...].prefix { $0.isHexDigit }
                let rest = line[place.upperBound...].dropFirst(hex.count)
                let tags = rest.split { " \t\",:[]'".contains($0) }.map(String.init)
                entries.append(("sha256:\(hex)", tags))
            }
        }
        return entries
    }
}
