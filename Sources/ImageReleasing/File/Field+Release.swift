import ConfigurationFile
import OCIModel

extension Field {
    func versionRange() -> VersionRange? {
        guard let text = text() else { return nil }
        do throws(OCIModelError) { return try VersionRange(text) } catch {
            report("'\(text)' is not a range of versions: \(error.message)", hint: VersionRange.hint)
            return nil
        }
    }

    /// Reads a text with placeholders, of which it may have the general ones and `more`.
    func template(_ more: [Template.Name] = []) -> Template? {
        guard let text = text() else { return nil }
        guard !text.isEmpty else {
            report("'\(name)' is empty", hint: "write a text, or leave the key away")
            return nil
        }
        checkPlaceholders(text, known: (Template.Name.general + more).map(\.rawValue))
        return Template(text)
    }

    /// Reads a text that names the version.
    func mentioningTemplate() -> Template? {
        guard let template = template() else { return nil }
        let text = template.description
        let parts = ["${major}", "${minor}", "${patch}"]
        guard text.contains("${version}") || text.contains("${tag}") || parts.allSatisfy(text.contains) else {
            report("'\(text)' does not have the version in it", hint: "write ${version} in the place of it")
            return nil
        }
        return template
    }

    /// Reads a text of one line with placeholders.
    func lineTemplate() -> Template? {
        guard let template = template() else { return nil }
        guard !template.description.contains("\n") else {
            report("'\(name)' has more than one line")
            return nil
        }
        return template
    }

    /// Reads the name of a file that any system accepts, with placeholders.
    func fileName(_ more: [Template.Name] = []) -> Template? {
        guard let template = template(more) else { return nil }
        let plain = template.filled(Dictionary(uniqueKeysWithValues: Template.Name.allCases.map { ($0, "0") }))
        guard PortableName.isValid(plain) else {
            report(
                "'\(template)' is not a name of a file on every system",
                hint: "use letters, digits, '.', '_', '+' and '-', no '.' first or last")
            return nil
        }
        return template
    }

    /// Reads a path in the checkout: relative, and never out of it.
    func sourcePath() -> String? {
        text("a path in the source", like: "etcdctl/README.md", where: Self.isInside)
    }

    /// Reads a path in the checkout with placeholders.
    func sourceTemplate() -> Template? {
        guard let template = template() else { return nil }
        guard Self.isInside(template.description) else {
            report(
                "'\(template)' is not a path in the source",
                hint: "write it as CHANGELOG/CHANGELOG-${major}.${minor}.md")
            return nil
        }
        return template
    }

    /// Reads a path relative to the release file, which may lead out of its folder.
    func nearbyPath() -> String? {
        text("a path relative to this file", like: "../../images/etcd") { path in
            !path.hasPrefix("/") && !path.isEmpty && path.utf8.count <= 4096 && !path.contains("\n")
        }
    }

    func platform() -> ReleasedPlatform? {
        guard case .mapping = node.value else { return platform(versions: nil) }
        guard let section = section(.platform) else { return nil }
        return section["platform"]?.platform(versions: section["versions"]?.versionRange())
    }

    private func platform(versions: VersionRange?) -> ReleasedPlatform? {
        guard let text = text() else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            report("'\(text)' is not a platform", hint: "write os/architecture: linux/arm64")
            return nil
        }
        for (word, known, noun) in [
            (parts[0], ReleasedPlatform.systems, "system"), (parts[1], ReleasedPlatform.architectures, "architecture"),
        ] where !known.contains(word) {
            report("unknown \(noun) '\(word)'", hint: Spelling.hint(for: word, among: known))
            return nil
        }
        return ReleasedPlatform(os: parts[0], architecture: parts[1], versions: versions)
    }

    /// Reads a repository with its host, and neither a tag nor a digest.
    func repository() -> ImageReference? {
        guard let text = text() else { return nil }
        do throws(OCIModelError) {
            let reference = try ImageReference(text)
            guard reference.tag == nil, reference.digest == nil else {
                report("'\(text)' names one image, and a repository is meant", hint: "write \(reference.place)")
                return nil
            }
            return reference
        } catch {
            report(error.message, hint: "write host/repository")
            return nil
        }
    }

    /// Reads one of the words of an enumeration.
    func word<Word: RawRepresentable & CaseIterable>(_ noun: String) -> Word? where Word.RawValue == String {
        choice(noun, among: Word.allCases.map(\.rawValue)).flatMap { Word(rawValue: $0) }
    }

    /// Reads a number of bytes: `60MB`.
    func size() -> Int64? {
        func bytes(_ text: String) -> Int64? {
            let units: [(String, Int64)] = [("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000)]
            guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
                let number = Int64(text.dropLast(unit.count)), (1...1_000_000).contains(number)
            else { return nil }
            return number * factor
        }
        return text("a size", like: "60MB") { bytes($0) != nil }.flatMap(bytes)
    }

    private static func isInside(_ path: String) -> Bool {
        !path.isEmpty && path.utf8.count <= 4096 && !path.contains("\\") && !path.contains("\n")
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }
}
