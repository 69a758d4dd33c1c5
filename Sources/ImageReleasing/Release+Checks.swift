extension Release {
    /// The name of the list of sums, over every asset but itself and its signature.
    package static let sumsName = "SHA256SUMS"

    /// Checks that file and version make a release.
    func check() throws(ReleaseError) {
        func refusal(_ message: String, hint: String? = nil) -> ReleaseError {
            ReleaseError(.refused, "cannot release \(file.name) \(version): \(message)", hint: hint)
        }
        guard version.build == nil else {
            throw refusal("a version with '+' is one between releases", hint: "release it without the part after '+'")
        }
        if let range = file.versions, !version.isIn(range) {
            throw refusal("the release file is for the versions \(range)")
        }
        if let previous, previous >= version {
            throw refusal("the previous version \(previous) is not a lower one", hint: "correct --previous")
        }
        guard goPin != nil else { throw refusal("the release file pins no Go version for it") }
        guard !programs.isEmpty, !platforms.isEmpty else {
            throw refusal("the release file has no \(programs.isEmpty ? "program" : "platform") for it")
        }
        for name in Set(programs.map(\.name)).sorted() where programs.count(where: { $0.name == name }) > 1 {
            throw refusal("two entries of the program '\(name)' are for it", hint: "separate their versions")
        }
        try checkNames(refusal)
        for image in images { try check(image, refusal) }
    }

    /// The names of all assets, whose letters' case must not be what tells two of them apart.
    private func checkNames(_ refusal: (String, String?) -> ReleaseError) throws(ReleaseError) {
        let sources = sourceStem.map { stem in file.sourceArchives?.forms.map { "\(stem).\($0.rawValue)" } ?? [] } ?? []
        let names = archives.map(\.fileName) + archives.map(\.sbomName) + sources + [Self.sumsName]
        var seen: Set<String> = []
        for name in names {
            guard PortableName.isValid(name) else { throw refusal("'\(name)' is no file name on every system", nil) }
            guard seen.insert(name.lowercased()).inserted else {
                throw refusal("two of its files would have the name '\(name)'", "change one of the names")
            }
        }
    }

    private func check(_ image: ReleasedImage, _ refusal: (String, String?) -> ReleaseError) throws(ReleaseError) {
        let tags = tags(of: image)
        guard !platforms(of: image).isEmpty, !tags.index.isEmpty || !tags.platforms.isEmpty else {
            throw refusal("the image '\(image.name)' has no platform or no tag for it", nil)
        }
        let names = tags.index + tags.platforms.map(\.tag)
        for tag in Set(names).sorted() where names.count(where: { $0 == tag }) > 1 {
            throw refusal(
                "the image '\(image.name)' would give the tag \(tag) twice", "separate the versions of its rules")
        }
    }
}
