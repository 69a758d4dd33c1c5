import ConfigurationFile
package import OCIModel

/// A name that stands for a value in a text: `${version}`.
enum Placeholder: String, CaseIterable {
    case version, revision, tag, arch, os, exe, versions
}

extension Field {
    /// Reports placeholders that are not allowed in this text.
    func checkPlaceholders(_ text: String, known: [Placeholder]) {
        checkPlaceholders(text, known: known.map(\.rawValue))
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
