import ConfigurationFile
package import OCIModel

extension Definition {
    /// The repository of Windows' base images if a definition does not name one.
    package static let standardWindowsBase = "mcr.microsoft.com/windows/nanoserver"

    /// The releases that `windows/amd64` alone stands for: those that are supported, oldest first.
    static let windowsReleases = ["1809", "ltsc2022", "ltsc2025"]
}

extension Platform {
    /// The tag under which a repository has the base image for this Windows platform.
    ///
    /// `osVersion` is here the value that the definition asks for: the name of a release, or a version whose first
    /// three numbers decide.
    package var windowsBaseTag: String? {
        guard os == "windows", let asked = osVersion else { return nil }
        guard let version = WindowsVersion(asked) else { return asked }
        return version.revision == nil ? WindowsVersion.name(ofBuild: version.build) ?? asked : asked
    }

    /// The suffix that a platform's own image has after the tag of the whole image: `-linux-ppc64le`, `-linux-arm-v7`,
    /// `-windows-amd64-ltsc2022`.
    package var tagSuffix: String {
        "-\(os)-\(architecture)" + (ownVariant.map { "-\($0)" } ?? "") + (windowsBaseTag.map { "-\($0)" } ?? "")
    }

    /// The build number by which a node tells Windows images apart, or `nil` for other operating systems.
    var windowsBuild: UInt32? {
        guard os == "windows", let asked = osVersion else { return nil }
        return (WindowsVersion(named: asked) ?? WindowsVersion(asked))?.build
    }
}

extension Field {
    /// Reads Windows platforms by release name or version; `windows/amd64` alone gives one for each release.
    func windowsPlatforms() -> [Platform] {
        guard let text = text(), text.hasPrefix("windows/") else { return [] }
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves[0] == "windows/amd64" else {
            report(
                "unknown platform '\(text)'",
                hint: "Windows images are for windows/amd64, for example windows/amd64:ltsc2022")
            return []
        }
        func platform(_ version: String) -> Platform {
            Platform(os: "windows", architecture: "amd64", osVersion: version)
        }
        guard halves.count == 2 else { return Definition.windowsReleases.map(platform) }
        guard WindowsVersion(named: halves[1]) != nil || WindowsVersion(halves[1]) != nil else {
            report(
                "unknown Windows version '\(halves[1])'",
                hint: "give a release (" + Definition.windowsReleases.joined(separator: ", ")
                    + ") or a version such as 10.0.20348")
            return []
        }
        return [platform(halves[1].lowercased())]
    }

    /// Reads `registry/repository` without a tag, or `oci:FOLDER` relative to the image's folder.
    func windowsBase() -> String? {
        guard let section = section(.windows) else { return nil }
        return section["base"]?.text("a repository", like: Definition.standardWindowsBase) { text in
            let path = text.hasPrefix("oci:") ? text.dropFirst(4) : text[...]
            let name = path.split(separator: "/").last ?? ""
            return !path.isEmpty && text.utf8.count <= 512 && !name.contains(":")
                && (text.hasPrefix("oci:") || path.contains("/"))
                && path.utf8.allSatisfy { isAlphanumeric($0) || "._-/:".utf8.contains($0) }
        }
    }

    /// Reads the operating system that an entry is for; without the key it is for every one.
    func system() -> String? { choice("system", among: ["linux", "windows"]) }
}
