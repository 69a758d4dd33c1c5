import ConfigurationFile
package import OCIModel

/// A name that stands for a value in a text: `${version}`.
enum Placeholder: String, CaseIterable {
    case version, revision, tag, arch, os, exe, versions

    /// Returns the names between `${` and `}` in a text, with `nil` for one that is never closed.
    static func names(in text: String) -> [String?] {
        var rest = text[...]
        var names: [String?] = []
        while let start = rest.firstRange(of: "${") {
            rest = rest[start.upperBound...]
            guard let end = rest.firstIndex(of: "}") else { return names + [nil] }
            names.append(String(rest[..<end]))
            rest = rest[end...]
        }
        return names
    }
}

extension Field {
    /// Reports placeholders that are not allowed in this text.
    func checkPlaceholders(_ text: String, known: [Placeholder]) {
        for name in Placeholder.names(in: text) {
            guard let name else {
                report("'${' is never closed by '}'")
                continue
            }
            guard !known.contains(where: { $0.rawValue == name }) else { continue }
            report("unknown placeholder '${\(name)}'", hint: Spelling.hint(for: name, among: known.map(\.rawValue)))
        }
    }
}

extension Definition {
    /// Returns the text of a label or an annotation with `${version}`, `${revision}` and `${tag}` filled in.
    package func expanding(_ text: String) -> String {
        text.replacing("${version}", with: bundle?.latest ?? "").replacing("${revision}", with: "\(revision)")
            .replacing("${tag}", with: tag)
    }
}

extension Definition.ExtraFile {
    /// Returns the source for a platform, relative to the image's folder, with `${arch}` filled in.
    package func source(for platform: Platform) -> String {
        source.replacing("${arch}", with: platform.architecture)
    }
}
