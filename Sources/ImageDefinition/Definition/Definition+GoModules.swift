package import OCIModel

extension Definition {
    /// A published Go module, in whose version `${version}` may stand for the bundled version.
    package struct GoModule: Hashable, Sendable, CustomStringConvertible {
        /// The module's path: `go.etcd.io/etcd/server/v3`.
        package var path: String
        /// The module's version: `v3.5.16`.
        package var version: String
        /// The path and the version as Go writes them: `go.etcd.io/etcd/server/v3@v3.5.16`.
        package var description: String { "\(path)@\(version)" }
        package init(path: String, version: String) {
            self.path = path
            self.version = version
        }
    }

    /// The sets of published modules that programs of this image are compiled from, without repetition, in the
    /// definition's order.
    package var goModuleRequests: [GoModuleRequest] {
        var requests: [GoModuleRequest] = []
        func add(_ source: GoSource, _ version: String, _ packages: [String], _ platform: Platform) {
            guard let modules = source.modules(version: version) else { return }
            let targets = packages.map { source.target($0) }
            let place = requests.firstIndex { $0.modules == modules } ?? requests.count
            if place == requests.count { requests.append(GoModuleRequest(modules: modules)) }
            requests[place].packages.append(contentsOf: targets.filter { !requests[place].packages.contains($0) })
            // The Windows version means nothing to the compiler.
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

/// A set of published modules, the packages compiled from them, and the platforms they are compiled for.
package struct GoModuleRequest: Hashable, Sendable {
    /// The modules, with every placeholder filled in.
    package var modules: [Definition.GoModule]
    /// The import paths of the packages.
    package var packages: [String] = []
    package var platforms: [Platform] = []
    package init(modules: [Definition.GoModule], packages: [String] = [], platforms: [Platform] = []) {
        self.modules = modules
        self.packages = packages
        self.platforms = platforms
    }
}

extension Definition.GoSource {
    /// Returns the published modules for a bundled version, or `nil` for other kinds of source.
    package func modules(version: String) -> [Definition.GoModule]? {
        guard case .modules(let modules) = self else { return nil }
        return modules.map { module in
            .init(path: module.path, version: module.version.replacing("${version}", with: version))
        }
    }

    /// Returns the argument with which `go build` compiles a program: the import path for published modules, otherwise
    /// the package as it is written.
    package func target(_ package: String) -> String {
        guard case .modules(let modules) = self, let first = modules.first else { return package }
        guard package != "." else { return first.path }
        return package.hasPrefix("./") ? "\(first.path)/\(package.dropFirst(2))" : package
    }
}
