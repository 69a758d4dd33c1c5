package import OCIModel
package import SystemPackage

/// A version of a program that is to be released: everything that its steps need to know.
package struct Release: Hashable, Sendable {
    package let file: ReleaseFile
    /// The folder of the release file, from which its paths lead.
    package let home: FilePath
    /// The checkout.
    package let checkout: FilePath
    package let version: SemanticVersion
    package let previous: SemanticVersion?
    /// The commit that the version's tag stands for, in hexadecimal digits.
    package let commit: String
    /// The commit's time, which every file of the release gets.
    package let date: Timestamp

    /// Brings the file and a version together.
    ///
    /// - Throws: `ReleaseError` `.refused` if the file is not for the version, its rules for it contradict each other, or
    ///   the previous version is not a lower one.
    package init(
        _ file: ReleaseFile, home: FilePath, checkout: FilePath, version: SemanticVersion, previous: SemanticVersion?,
        commit: String, date: Timestamp
    ) throws(ReleaseError) {
        (self.file, self.home, self.checkout) = (file, home, checkout)
        (self.version, self.previous, self.commit, self.date) = (version, previous, commit, date)
        try check()
    }

    package var tag: String { version.tag }

    /// The programs of this version, in the file's order.
    package var programs: [ReleasedProgram] { file.programs.filter { $0.holds(for: version) } }

    /// The platforms of this version, in the file's order.
    package var platforms: [ReleasedPlatform] { file.platforms.filter { $0.holds(for: version) } }

    /// The pin of the Go version that compiles this version.
    package var goPin: GoPin? { file.go.first { $0.holds(for: version) } }

    /// The archives of the programs, one for each platform.
    package var archives: [ReleaseArchive] {
        platforms.map { platform in
            ReleaseArchive(
                platform: platform, stem: filled(file.archives.name, for: platform),
                form: file.archives.forms[platform.os] ?? .zip,
                extras: file.archives.extras.filter { $0.holds(for: version) })
        }
    }

    /// The name that is the top folder and begins the names of the source archives; `nil` if there are none.
    package var sourceStem: String? { file.sourceArchives.map { filled($0.name) } }

    /// The images of this version.
    package var images: [ReleasedImage] { file.images.filter { $0.holds(for: version) } }

    /// Returns the platforms of an image in this version.
    package func platforms(of image: ReleasedImage) -> [ReleasedPlatform] {
        let known = Set(platforms.map(\.description))
        return image.platforms.filter { $0.holds(for: version) && known.contains($0.description) }
    }

    /// Returns the tags of an image in this version: those of the index, and those of each platform's manifest.
    package func tags(of image: ReleasedImage) -> ImageTags {
        var tags = ImageTags(index: [], platforms: [])
        let platforms = platforms(of: image)
        for rule in image.tags where rule.holds(for: version) {
            if rule.platforms.isEmpty { tags.index.append(filled(rule.tag)) }
            for platform in platforms where rule.platforms.contains(where: { $0.description == platform.description }) {
                tags.platforms.append(.init(tag: filled(rule.tag, for: platform), platform: platform))
            }
        }
        return tags
    }

    /// Returns a text with this release's values in it; `more` are values beside the general ones.
    package func filled(
        _ template: Template, for platform: ReleasedPlatform? = nil, with more: [Template.Name: String] = [:]
    ) -> String {
        var values: [Template.Name: String] = [
            .name: file.name, .tag: tag, .version: version.description, .major: "\(version.major)",
            .minor: "\(version.minor)", .patch: "\(version.patch)", .commit: commit,
            .date: String(date.description.prefix(10)), .previous: previous?.tag ?? "",
        ]
        if let platform { (values[.os], values[.arch]) = (platform.os, platform.architecture) }
        return template.filled(values.merging(more) { $1 })
    }
}

/// The archive of one platform's programs.
package struct ReleaseArchive: Hashable, Sendable {
    package var platform: ReleasedPlatform
    /// The name without its ending, which is also the top folder.
    package var stem: String
    package var form: ArchiveForm
    package var extras: [ArchiveRules.Extra]

    package var fileName: String { "\(stem).\(form.rawValue)" }
    package var sbomName: String { "\(stem).spdx.json" }
}

/// The tags of an image in one version.
package struct ImageTags: Hashable, Sendable {
    package struct OfPlatform: Hashable, Sendable {
        package var tag: String
        package var platform: ReleasedPlatform
    }

    package var index: [String]
    package var platforms: [OfPlatform]
}
