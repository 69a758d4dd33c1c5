import Executables
import ImageDefinition
import LayerArchive
import OCIModel

extension ConsistencyGate {
    /// A bundled program that must be run to learn its version.
    struct UnsettledProgram: Sendable {
        var path: EntryPath
        /// The version that the file's name promises.
        var version: VersionNumber
        /// The version that the program's variables suggest.
        var suggested: VersionNumber?
        var run: ProgramRun
    }

    private struct Claim {
        var path: EntryPath
        var version: VersionNumber
    }

    /// Checks that the tag is the newest bundled version and a revision, whatever the order of the list is.
    func tagFailures() -> [GateFailure] {
        guard let bundle = definition.bundle else { return [] }
        var failures: [GateFailure] = []
        func fail(_ rule: GateRule, _ message: String) {
            failures.append(GateFailure(platform: nil, rule: rule, message: message))
        }
        for text in bundle.versions.map(\.version) where VersionNumber(text) == nil {
            fail(.bundleVersion, "the bundled version '\(text)' is not a version number")
        }
        guard let newest = bundle.versions.compactMap({ VersionNumber($0.version) }).max() else {
            fail(.bundleVersion, "the bundle has no versions")
            return failures
        }
        let revision = tag.dropFirst(newest.description.count + 1)
        let isRevision = !revision.isEmpty && revision.utf8.allSatisfy { (0x30...0x39).contains($0) }
        if !tag.hasPrefix("\(newest)-") || !isRevision {
            fail(.tagVersion, "the tag '\(tag)' is not '\(newest)', the newest bundled version, followed by a revision")
        }
        return failures
    }

    /// Finds each bundled program and settles its version if its bytes reveal it.
    func checkBundle(
        _ platform: Platform, _ programs: ExecutableCheck, _ reader: ContentReader, _ result: inout Examination
    ) {
        guard let bundle = definition.bundle else { return }
        func fail(_ path: EntryPath, _ fault: GateFault) {
            result.failures.append(
                GateFailure(platform: platform, path: path, rule: fault.rule, message: fault.message))
        }
        let layout = ELFTarget(platform)?.layout ?? .wide
        // The newest version's programs are there under two names; they are examined once.
        var known: [EntryPath: VersionNumber?] = [:]
        for claim in Self.claims(of: bundle, suffix: platform.os == "windows" ? ".exe" : "") {
            guard let file = programs.root.file(claim.path) else {
                fail(claim.path, GateFault(.bundleFile, "is missing, but the bundle promises it"))
                continue
            }
            if file.entry.mode != bundle.mode {
                let modes = "has mode \(Self.octal(file.entry.mode)), not \(Self.octal(bundle.mode))"
                fail(claim.path, GateFault(.bundleFile, modes))
            }
            guard let segments = programs.segments(of: file.path) else {
                fail(
                    claim.path,
                    GateFault(.bundleVersion, "is not an executable for \(platform), so its version is unknown")
                )
                continue
            }
            do throws(ExecutableError) {
                if known[file.path] == nil {
                    let content = ReadableContent(content: file.content, reader: reader)
                    known[file.path] = .some(try segments.greatestGoVersionVariable(in: content, layout))
                }
                let version = known[file.path] ?? nil
                guard version != claim.version else { continue }
                result.unsettled.append(
                    UnsettledProgram(
                        path: claim.path, version: claim.version, suggested: version,
                        run: programs.programRun(file.path)))
            } catch {
                fail(claim.path, GateFault(error))
            }
        }
    }

    /// Returns `NAME-VERSION` for each version that has the program, and `NAME` for the newest, with `.exe` on Windows.
    private static func claims(of bundle: Definition.Bundle, suffix: String) -> [Claim] {
        let versions = bundle.versions.compactMap { VersionNumber($0.version) }.sorted()
        var claims: [Claim] = []
        for program in bundle.programs {
            let since = program.since.flatMap { VersionNumber($0) }
            for version in versions where since.map({ $0 <= version }) ?? true {
                let names = ["\(program.name)-\(version)"] + (version == versions.last ? [program.name] : [])
                for name in names {
                    guard let path = try? bundle.directory.appending(name + suffix) else { continue }
                    claims.append(Claim(path: path, version: version))
                }
            }
        }
        return claims
    }
}
