import Executables
import OCIModel

/// The parts of one platform's programs, as their own build information names them: an SPDX 2.3 document in JSON, which is
/// the same on every machine.
struct SBOM {
    /// A program with what Go wrote into it.
    struct Program {
        var program: BuiltProgram
        var information: GoBuildInformation
    }

    private var packages: [Document.Package] = []
    private var relationships: [Document.Relationship] = []
    private let release: Release
    private let archive: ReleaseArchive

    init(of programs: [Program], in archive: ReleaseArchive, of release: Release) {
        self.release = release
        self.archive = archive
        let root = "SPDXRef-Release"
        packages.append(.init(root, release.file.name, release.version.description, purpose: "APPLICATION"))
        relationships.append(.init("SPDXRef-DOCUMENT", "DESCRIBES", root))
        var modules: [GoBuildInformation.Module: String] = [:]
        for (number, one) in programs.enumerated() {
            let identifier = "SPDXRef-Program-\(number + 1)"
            var package = Document.Package(
                identifier, one.program.name, release.version.description, purpose: "APPLICATION")
            package.packageFileName = one.program.name + archive.platform.suffix
            package.checksums = [.init(algorithm: "SHA256", checksumValue: one.program.digest.hex)]
            packages.append(package)
            relationships.append(.init(root, "CONTAINS", identifier))
            for module in Self.modules(of: one.information, release) {
                let known = modules[module] ?? "SPDXRef-Module-\(modules.count + 1)"
                if modules.updateValue(known, forKey: module) == nil { packages.append(.init(known, module)) }
                relationships.append(.init(identifier, "DEPENDS_ON", known))
            }
        }
    }

    /// The modules of a program, the standard library among them; the main one has the release's version.
    private static func modules(
        of information: GoBuildInformation, _ release: Release
    ) -> [GoBuildInformation.Module] {
        let standard = GoBuildInformation.Module(
            path: "stdlib", version: String(information.goVersion.dropFirst(2)), sum: "")
        let own = information.main.map {
            GoBuildInformation.Module(
                path: $0.path, version: $0.version.hasPrefix("v") ? $0.version : release.tag, sum: $0.sum)
        }
        return [own, standard].compactMap { $0 } + information.dependencies
    }

    /// The document's bytes.
    var bytes: [UInt8] {
        get throws {
            let parts = try CanonicalJSON.encode(packages) + CanonicalJSON.encode(relationships)
            let document = Document(
                name: archive.stem,
                documentNamespace: "https://spdx.org/spdxdocs/\(archive.stem)-\(Digest(of: parts).hex.prefix(32))",
                creationInfo: .init(created: release.date.description), packages: packages,
                relationships: relationships)
            return try CanonicalJSON.encodeForReading(document)
        }
    }
}

extension SBOM {
    fileprivate struct Document: Encodable {
        struct CreationInfo: Encodable {
            var created: String
            var creators = ["Tool: imagebuild"]
        }

        struct Checksum: Encodable {
            var algorithm: String
            var checksumValue: String
        }

        struct Reference: Encodable {
            var referenceCategory = "PACKAGE-MANAGER"
            var referenceType = "purl"
            var referenceLocator: String
        }

        struct Package: Encodable {
            // swift-format-ignore: AlwaysUseLowerCamelCase
            var SPDXID: String
            var name: String
            var versionInfo: String
            var downloadLocation = "NOASSERTION"
            var filesAnalyzed = false
            var licenseConcluded = "NOASSERTION"
            var licenseDeclared = "NOASSERTION"
            var copyrightText = "NOASSERTION"
            var primaryPackagePurpose: String?
            var packageFileName: String?
            var checksums: [Checksum]?
            /// The module's sum of `go.sum`, which is over its files' names and sums.
            var sourceInfo: String?
            var externalRefs: [Reference]?

            init(_ identifier: String, _ name: String, _ version: String, purpose: String) {
                (SPDXID, self.name, versionInfo, primaryPackagePurpose) = (identifier, name, version, purpose)
            }

            init(_ identifier: String, _ module: GoBuildInformation.Module) {
                self.init(identifier, module.path, module.version, purpose: "LIBRARY")
                sourceInfo = module.sum.isEmpty ? nil : "go.sum \(module.sum)"
                externalRefs = [.init(referenceLocator: module.packageURL)]
            }
        }

        struct Relationship: Encodable {
            var spdxElementId: String
            var relationshipType: String
            var relatedSpdxElement: String

            init(_ element: String, _ type: String, _ related: String) {
                (spdxElementId, relationshipType, relatedSpdxElement) = (element, type, related)
            }
        }

        var spdxVersion = "SPDX-2.3"
        var dataLicense = "CC0-1.0"
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var SPDXID = "SPDXRef-DOCUMENT"
        var name: String
        var documentNamespace: String
        var creationInfo: CreationInfo
        var packages: [Package]
        var relationships: [Relationship]
    }
}

extension GoBuildInformation.Module {
    /// The module's package URL, with everything encoded that the specification of such URLs wants encoded.
    fileprivate var packageURL: String {
        func encoded(_ text: String) -> String {
            let hex = Array("0123456789ABCDEF")
            return text.utf8.map { byte in
                let character = Character(UnicodeScalar(byte))
                let isPlain = byte < 0x80 && (character.isLetter || character.isNumber || ".-_~/".contains(character))
                return isPlain ? String(character) : "%\(hex[Int(byte >> 4)])\(hex[Int(byte & 15)])"
            }.joined()
        }
        return "pkg:golang/\(encoded(path.lowercased()))" + (version.isEmpty ? "" : "@\(encoded(version))")
    }
}
