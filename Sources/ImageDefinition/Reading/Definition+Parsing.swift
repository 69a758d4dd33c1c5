import ConfigurationFile
import OCIModel

extension Definition {
    /// The platforms that an image can have, as the index names them.
    static let knownPlatforms =
        ["amd64", "arm64", "ppc64le", "s390x", "riscv64"].flatMap { architecture in
            ["linux/\(architecture)"] + (Platform.variants[architecture] ?? []).map { "linux/\(architecture)/\($0)" }
        } + ["linux/arm/v7"]

    /// Reads `image.yaml`, whose format `images/image.schema.json` describes, without any other file.
    ///
    /// - Parameters:
    ///   - bytes: The content of the file.
    ///   - file: The file's name as the user knows it, for the diagnostics.
    /// - Throws: `DefinitionErrors` with all problems together; a syntax error or a repeated key hides the others.
    package init(parsing bytes: [UInt8], file: String) throws(DefinitionErrors) {
        self = try DefinitionText(bytes, file: file, variant: nil) { _ throws(IncludeRefusal) in
            throw IncludeRefusal("it cannot be read from here")
        }.definition
    }

    /// Reads the definition, which is complete only if nothing was reported.
    fileprivate init?(reading root: Field) {
        guard let section = root.section(.image) else { return nil }
        self.init(
            name: section["name"]?.imageName() ?? "",
            platforms: section["platforms"]?.platforms() ?? [],
            revision: section["revision"]?.integer(in: 0...999_999) ?? 0)
        if let debian = section["debian"], let base = section["base"] {
            let later = debian.node.position < base.node.position ? base : debian
            later.report("'debian' and 'base' are mutually exclusive", hint: "keep the one that the image is based on")
        }
        bundle = section["bundle"]?.bundle()
        goToolchain = section["go-toolchain"]?.goToolchain()
        debian = section["debian"]?.debianRequirement(with: bundle, on: platforms, moreSuites: goSuites)
        base = section["base"]?.baseImage()
        checkOrigins(section)
        windowsBase = section["windows"].map { $0.windowsBase() ?? "" } ?? Definition.standardWindowsBase
        checkSystems(section)
        readContents(section)
        config = section["config"]?.settings() ?? Settings()
        labels = section["labels"]?.texts(of: self) ?? [:]
        annotations = section["annotations"]?.annotations(of: self) ?? [:]
        compression = section["compression"]?.compression() ?? .gzip
        platformSpecific = section["platform-specific"]?.patterns() ?? []
        test = section["test"]?.sharedPath()
    }
}

/// A definition as it was read, with what decided it.
package struct DefinitionText: Sendable {
    package let definition: Definition
    /// The variant that this is; `nil` for the image's default, and for an image without variants.
    package let variant: String?
    /// The contents of `image.yaml` and of the files that it includes.
    package let files: [[UInt8]]

    /// Reads `image.yaml`, what it includes, and one of its variants.
    ///
    /// - Parameters:
    ///   - bytes: The content of the file.
    ///   - file: The file's name as the user knows it, for the diagnostics; its last two parts are its path in the
    ///     folder of the images.
    ///   - variant: The variant that is meant; `nil` for the default.
    ///   - include: Returns the content of another file by its path in the folder of the images.
    /// - Throws: `DefinitionErrors`, as for a single file.
    package init(
        _ bytes: [UInt8], file: String, variant: String?,
        include: @escaping (String) throws(IncludeRefusal) -> [UInt8]
    ) throws(DefinitionErrors) {
        let findings = Findings()
        var reader = DefinitionReader(file, findings, include: include)
        let read = try reader.read(bytes, variant: variant)
        let definition = read.flatMap { Definition(reading: Field(name: "", node: $0.root, findings: findings)) }
        guard findings.count == 0, let definition, let choice = read?.choice else {
            throw findings.errors(.invalidDefinition, file: file)
        }
        self.definition = definition
        self.variant = choice.isDefault ? nil : choice.name
        files = reader.files
    }
}

extension Definition {
    /// Reports keys that none of the image's platforms would heed, and accounts that nothing would hold.
    private func checkSystems(_ section: Section) {
        let systems = Set(platforms.map(\.os))
        let needs = [
            ("base", "linux", "Linux", "Windows platforms take 'windows.base'"),
            ("debian", "linux", "Linux", "remove it, or add a Linux platform"),
            ("windows", "windows", "Windows", "remove it, or add windows/amd64"),
        ]
        for (key, system, name, hint) in needs where !systems.isEmpty && !systems.contains(system) {
            section[key]?.report("'\(key)' is for \(name) platforms, but the image has none", hint: hint)
        }
        guard section["debian"] == nil else { return }
        for key in ["users", "groups"] {
            section[key]?.report(
                section["base"] == nil
                    ? "'\(key)' is only allowed with 'debian', whose packages hold the other accounts"
                    : "'\(key)' is only allowed with 'debian': a base image has its own accounts",
                hint: section["base"] == nil
                    ? "write /etc/passwd and /etc/group under 'files', or give 'config.user' a number"
                    : "name one of those accounts in 'config.user', or give a number")
        }
    }
}

extension Field {
    fileprivate func imageName() -> String? {
        text("an image name", like: "etcd or debian-base") { text in
            text.utf8.count <= 128 && text.utf8.first.map(isLowerAlphanumeric) ?? false
                && text.utf8.last.map(isLowerAlphanumeric) ?? false
                && text.utf8.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// Reads the platforms in the user's order, with the releases of `windows/amd64` in their own.
    fileprivate func platforms() -> [Platform] {
        var platforms: [Platform] = []
        for field in list() {
            let isWindows =
                if case .scalar(let text, _) = field.node.value { text.hasPrefix("windows/") } else { false }
            let some = isWindows ? field.windowsPlatforms() : field.platform().map { [$0] } ?? []
            for platform in some {
                if platforms.contains(platform) {
                    field.report("'\(field.name)' repeats an earlier entry: \(platform)", hint: "remove it")
                } else if let other = platforms.first(where: {
                    $0.windowsBuild != nil && $0.windowsBuild == platform.windowsBuild
                }) {
                    field.report(
                        "'\(field.name)' has the same build as \(other): nodes could not tell them apart",
                        hint: "remove one of them")
                } else {
                    platforms.append(platform)
                }
            }
        }
        return platforms
    }

    private func platform() -> Platform? {
        if case .scalar(let text, _) = node.value, let known = try? Platform(text),
            Definition.knownPlatforms.contains(known.description), text.hasPrefix(known.withoutVersion)
        {
            return known
        }
        return choice("platform", among: Definition.knownPlatforms).flatMap { try? Platform($0) }
    }

    /// Reads the base image.
    fileprivate func baseImage() -> Definition.BaseImageRequirement? {
        guard let section = section(.base) else { return nil }
        let reference = section["image"]?.text(
            "an image reference", like: "registry.example/repository:tag or oci:FOLDER"
        ) { text in
            text.utf8.count <= 512 && !text.contains("@") && (text.contains("/") || text.hasPrefix("oci:"))
                && text.utf8.allSatisfy { isAlphanumeric($0) || "._-/:".utf8.contains($0) }
        }
        var digest: Digest?
        if let field = section["digest"], let text = field.text() {
            do { digest = try Digest(text) } catch {
                field.report(error.message, hint: "write 'sha256:' and 64 hexadecimal digits")
            }
        }
        guard let reference, let digest else { return nil }
        return Definition.BaseImageRequirement(reference: reference, digest: digest)
    }

    fileprivate func compression() -> Definition.Compression? {
        choice("compression", among: ["gzip", "zstd"]).flatMap { Definition.Compression(rawValue: $0) }
    }

    /// Reads patterns of absolute paths in the form that `PathPatterns` takes.
    func patterns() -> [String] {
        list().compactMap { field in
            field.text("a pattern of absolute paths", like: "/usr/share/man/** or !/usr/share/doc/*/copyright") {
                text in
                let path = text.hasPrefix("!") ? text.dropFirst() : text[...]
                return path.hasPrefix("/") && path.utf8.count > 1 && path.utf8.count <= 4096
                    && !path.split(separator: "/").contains("..") && !path.utf8.contains(UInt8(ascii: "\n"))
            }
        }
    }
}

func isLowerAlphanumeric(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) }

func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || (0x41...0x5a).contains(byte) }
