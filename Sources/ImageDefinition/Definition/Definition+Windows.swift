package import OCIModel

extension Definition {
    /// Where Windows' base images come from when a definition does not say.
    package static let standardWindowsBase = "mcr.microsoft.com/windows/nanoserver"

    /// What `windows/amd64` alone stands for: the releases that are supported, oldest first.
    static let windowsReleases = ["1809", "ltsc2022", "ltsc2025"]
}

extension Platform {
    /// The tag under which a repository has the base image for this Windows platform, whose `osVersion` is here what the
    /// definition asks for: a release's name, or a version, of which the first three numbers decide.
    package var windowsBaseTag: String? {
        guard os == "windows", let asked = osVersion else { return nil }
        guard let version = WindowsVersion(asked) else { return asked }
        return version.revision == nil ? WindowsVersion.name(ofBuild: version.build) ?? asked : asked
    }

    /// What a platform's own image has behind the tag of the whole: `-linux-ppc64le`, `-windows-amd64-ltsc2022`.
    package var tagSuffix: String { "-\(os)-\(architecture)" + (windowsBaseTag.map { "-\($0)" } ?? "") }

    /// What a node tells Windows images apart by; `nil` for other systems.
    var windowsBuild: UInt32? {
        guard os == "windows", let asked = osVersion else { return nil }
        return (WindowsVersion(named: asked) ?? WindowsVersion(asked))?.build
    }
}

extension Field {
    /// Windows platforms by release name or version; `windows/amd64` alone is one for each release.
    func windowsPlatforms() -> [Platform] {
        guard let text = text(), text.hasPrefix("windows/") else { return [] }
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves[0] == "windows/amd64" else {
            report(
                "unknown platform '\(text)'", hint: "Windows images are for windows/amd64, as windows/amd64:ltsc2022")
            return []
        }
        func platform(_ version: String) -> Platform {
            Platform(os: "windows", architecture: "amd64", osVersion: version)
        }
        guard halves.count == 2 else { return Definition.windowsReleases.map(platform) }
        guard WindowsVersion(named: halves[1]) != nil || WindowsVersion(halves[1]) != nil else {
            report(
                "unknown version of Windows '\(halves[1])'",
                hint: "give a release, " + Definition.windowsReleases.joined(separator: ", ")
                    + ", or a version like 10.0.20348")
            return []
        }
        return [platform(halves[1].lowercased())]
    }

    /// `registry/repository` without a tag, or `oci:FOLDER` relative to the image's folder.
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

    /// The system that an entry is for; `nil`: every one.
    func system() -> String? { choice("system", among: ["linux", "windows"]) }
}
