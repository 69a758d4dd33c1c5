import OCIModel

/// A release that is to be: its gates, its files, and what goes where. Nothing of it is done yet.
package struct ReleasePlan: Hashable, Sendable, Codable {
    package struct File: Hashable, Sendable, Codable {
        package var name: String
        package var contents: String
    }

    package struct Publication: Hashable, Sendable, Codable {
        package var place: String
        package var items: [String]
    }

    package var version: String
    package var previous: String?
    package var commit: String
    package var date: String
    package var gates: [GateResult]
    package var files: [File]
    package var publications: [Publication]

    /// Plans a release whose gates were checked.
    package init(_ release: Release, gates: [GateResult]) {
        (version, previous) = (release.version.description, release.previous?.description)
        (commit, date, self.gates) = (release.commit, release.date.description, gates)
        files = release.plannedFiles
        publications = release.plannedPublications
    }

    /// Whether no gate failed that was not waived.
    package var isOpen: Bool { gates.allSatisfy { $0.outcome != .failed } }

    /// Refuses to go on while gates are shut.
    package func requireOpen() throws(ReleaseError) {
        let shut = gates.filter { $0.outcome == .failed }
        guard let first = shut.first else { return }
        let names = shut.map(\.name).joined(separator: ", ")
        throw ReleaseError(
            .gate, "\(version) does not pass \(shut.count) of \(gates.count) gates: \(names)",
            hint: first.hint ?? "to go on all the same: --waive '\(first.name)=REASON', which the record keeps")
    }
}

extension Release {
    fileprivate var plannedFiles: [ReleasePlan.File] {
        let programs = programs.map(\.name).joined(separator: ", ")
        var files = archives.map { archive in
            ReleasePlan.File(
                name: archive.fileName,
                contents: "\(programs) for \(archive.platform)"
                    + (archive.extras.isEmpty ? "" : ", \(archive.extras.map(\.to).joined(separator: ", "))"))
        }
        if file.archives.withSBOM {
            files += archives.map { .init(name: $0.sbomName, contents: "SBOM for \($0.platform)") }
        }
        for form in sourceStem == nil ? [] : file.sourceArchives?.forms ?? [] {
            files.append(.init(name: "\(sourceStem ?? "").\(form.rawValue)", contents: "the tree of \(tag)"))
        }
        let signed = files.filter { !$0.name.hasSuffix(".json") }
        files += signed.map { .init(name: "\($0.name).asc", contents: "its signature") }
        files.append(.init(name: Self.sumsName, contents: "the sums of all of these"))
        files.append(.init(name: "\(Self.sumsName).asc", contents: "its signature"))
        return files
    }

    fileprivate var plannedPublications: [ReleasePlan.Publication] {
        let repositories = images.flatMap { image in
            let tags = tags(of: image)
            let latest = image.latest == .stable && version.isStable ? ["latest, if no higher version has it"] : []
            let items =
                tags.platforms.map { "\($0.tag) (\($0.platform))" } + tags.index.map { "\($0) (index)" } + latest
            return image.repositories.map { ReleasePlan.Publication(place: $0.place, items: items) }
        }
        let pages = file.downloads.map { place in
            ReleasePlan.Publication(
                place: place.description,
                items: ["\(tag)" + (version.isStable ? "" : " (pre-release)") + ", with \(plannedFiles.count) files"])
        }
        return repositories + pages
    }
}
