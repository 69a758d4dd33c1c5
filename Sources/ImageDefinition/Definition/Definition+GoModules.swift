package import OCIModel

extension Definition {
    /// A published Go module. In its version `${version}` may stand for the bundled version.
    package struct GoModule: Hashable, Sendable, CustomStringConvertible {
        /// `go.etcd.io/etcd/server/v3`.
        package var path: String
        /// `v3.5.16`.
        package var version: String
        /// As Go writes it: `go.etcd.io/etcd/server/v3@v3.5.16`.
        package var description: String { "\(path)@\(version)" }
        package init(path: String, version: String) {
            self.path = path
            self.version = version
        }
    }

    /// Every set of published modules that programs of this image are compiled from, each once, in the definition's order.
    package var goModuleRequests: [GoModuleRequest] {
        var requests: [GoModuleRequest] = []
        func add(_ source: GoSource, _ version: String, _ packages: [String], _ platform: Platform) {
            guard let modules = source.modules(version: version) else { return }
            let targets = packages.map { source.target($0) }
            let place = requests.firstIndex { $0.modules == modules } ?? requests.count
            if place == requests.count { requests.append(GoModuleRequest(modules: modules)) }
            requests[place].packages.append(contentsOf: targets.filter { !requests[place].packages.contains($0) })
            // The version of Windows means nothing to the compiler.
            let plain = Platform(os: platform.os, architecture: platform.architecture)
            if !requests[place].platforms.contains(plain) { requests[place].platforms.append(plain) }
        }
        for platform in platforms {
            for version in bundle?.versions ?? [] {
                guard case .go(let build) = bundle?.origin(of: version, on: platform) else { continue }
                let programs = bundle?.programs(of: version) ?? []
                add(build.source, version.version, programs.compactMap { $0.goPackage(of: version.version) }, platform)
            }
            for file in inputFiles(on: platform) {
                guard case .go(let source, let package) = file.kind else { continue }
                add(source, bundle?.latest ?? "", [package], platform)
            }
        }
        return requests
    }
}

/// Published modules, what is compiled of them, and for which platforms.
package struct GoModuleRequest: Hashable, Sendable {
    /// With every name filled in.
    package var modules: [Definition.GoModule]
    /// Import paths.
    package var packages: [String] = []
    package var platforms: [Platform] = []
    package init(modules: [Definition.GoModule], packages: [String] = [], platforms: [Platform] = []) {
        self.modules = modules
        self.packages = packages
        self.platforms = platforms
    }
}

extension Definition.GoSource {
    /// The published modules for a bundled version; `nil` for other sources.
    package func modules(version: String) -> [Definition.GoModule]? {
        guard case .modules(let modules) = self else { return nil }
        return modules.map { module in
            .init(path: module.path, version: module.version.replacing("${version}", with: version))
        }
    }

    /// What `go build` is told of a program: of published modules the import path, else the package as it is written.
    package func target(_ package: String) -> String {
        guard case .modules(let modules) = self, let first = modules.first else { return package }
        guard package != "." else { return first.path }
        return package.hasPrefix("./") ? "\(first.path)/\(package.dropFirst(2))" : package
    }
}
