import ImageDefinition
import OCIModel

extension DebianRoot {
    /// Refuses scripts without declared effects, all of them in one error.
    func audit(_ packages: [InstalledPackage]) throws(ImageAssemblyError) {
        var unknown: [String] = []
        for package in packages {
            for kind in MaintainerScripts.Kind.allCases {
                guard let text = package.control[kind.rawValue] else { continue }
                let digest = Digest(of: text)
                let known = scripts.packages[package.name]?[kind]
                guard known?.sha256.contains(digest) != true else { continue }
                let state = known == nil ? "not audited" : "changed since it was audited"
                unknown.append(
                    "\(package.name) \(package.locked.version) (\(package.locked.architecture)): \(kind.rawValue) "
                        + "with sha256 \(digest.hex) is \(state)")
            }
        }
        guard !unknown.isEmpty else { return }
        throw ImageAssemblyError(
            .unknownScript,
            "cannot install packages whose maintainer scripts are not known:\n"
                + unknown.map { "  " + $0 }.joined(separator: "\n"),
            hint: "read each script and declare its digest and effects in \(declaredIn)")
    }

    /// Returns the audited scripts that `package` has, in the order in which they run.
    func auditedScripts(
        of package: InstalledPackage
    ) -> [(kind: MaintainerScripts.Kind, script: MaintainerScripts.Script)] {
        MaintainerScripts.Kind.allCases.compactMap { kind in
            guard package.control[kind.rawValue] != nil, let script = scripts.packages[package.name]?[kind] else {
                return nil
            }
            return (kind, script)
        }
    }
}
