import DurableFiles
package import ImageDefinition
import OCIContent
import OCIModel
import SystemPackage

extension GoBuilder {
    /// Selects and pins everything from which programs of published modules are compiled, as the Go command itself
    /// selects it, and keeps it in the store. `previous` is the previous lock's selection: a published version never
    /// changes.
    ///
    /// The Go command is the locked toolchain's, and here only it talks to the proxy.
    ///
    /// - Throws: `ImageInputsError`: `.unsatisfiable` with Go's own message if a module is not available or its sum
    ///   does not match the database's, `.corrupt` if a published version has changed since it was locked.
    package func pin(
        _ request: GoModuleRequest, from archive: GoModuleArchive, previous: Lock.GoModules?
    ) async throws -> Lock.GoModules {
        try await store.withTemporaryFolder { folder in
            let root = try await layOutToolchain(in: folder.appending("toolchain"))
            let compiler = GoCompiler(root: root, scratch: folder.appending("work"), limits: limits)
            let project = folder.appending("project")
            try FileSystem.makeDirectories(project)
            let requirements = request.modules.map { "require \($0.path) \($0.version)\n" }.joined()
            // From go 1.17 on, modules state their indirect dependencies, so that not all of those are read.
            let text = "module imagebuild.invalid/modules\n\ngo 1.17\n\n" + requirements
            try FileSystem.write(Array(text.utf8), to: project.appending("go.mod"))
            for platform in request.platforms {
                try await compiler.select(request, for: platform, in: project, archive.proxy)
            }
            return try collect(request, project, compiler.moduleCache, archive.proxy, previous)
        }
    }

    private func collect(
        _ request: GoModuleRequest, _ project: FilePath, _ cache: FilePath, _ proxy: GoProxy,
        _ previous: Lock.GoModules?
    ) throws -> Lock.GoModules {
        let downloads = cache.appending("cache").appending("download")
        var files: [Lock.ListedFile] = []
        try visit(downloads, "") { path in
            let (digest, size) = try store.add(copyOf: downloads.pushing(FilePath(path)))
            if let known = previous?.files.first(where: { $0.path == path }), known.sha256 != digest {
                throw ImageInputsError(
                    .corrupt, "\(path) has changed since it was locked: its digest is \(digest), not \(known.sha256)",
                    hint: "a published version never changes: find out who changed it, or which proxy is right")
            }
            files.append(.init(path: path, size: size, sha256: digest))
        }
        func lines(_ name: String) throws -> [String] {
            let bytes = try FileSystem.read(project.appending(name), limit: 1 << 20) ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
                .map(String.init)
        }
        return Lock.GoModules(
            requested: request.modules.map(\.description), sumDatabase: proxy.sumDatabase,
            goMod: try lines("go.mod").joined(separator: "\n"), goSum: try lines("go.sum").filter { !$0.isEmpty },
            files: files)
    }

    /// Visits every `.mod` and `.zip` below a folder by its path from there.
    private func visit(_ folder: FilePath, _ prefix: String, _ found: (String) throws -> Void) throws {
        for name in try FileSystem.names(in: folder) {
            let path = folder.appending(name)
            if FileSystem.regularFileSize(path) == nil {
                try visit(path, prefix + name + "/", found)
            } else if prefix.hasSuffix("/@v/"), name.hasSuffix(".mod") || name.hasSuffix(".zip") {
                try found(prefix + name)
            }
        }
    }
}

extension GoCompiler {
    /// Lets Go select and fetch every module that the packages need on a platform; `go.mod` and `go.sum` in the folder
    /// then state which.
    fileprivate func select(
        _ request: GoModuleRequest, for platform: Platform, in project: FilePath, _ proxy: GoProxy
    ) async throws {
        var environment = Self.environment(for: platform).merging(proxy.environment) { _, asked in asked }
        environment["GO111MODULE"] = "on"
        environment["GOFLAGS"] = "-modcacherw"
        let names = request.modules.map(\.description).joined(separator: ", ")
        let (isDone, log) = try await run(
            ["list", "-mod=mod", "-deps", "-f", "{{with .Error}}{{.}}{{end}}"] + request.packages, environment,
            in: project, hasNetwork: true, to: "select the Go modules \(names)")
        guard !isDone else { return }
        throw ImageInputsError(
            .unsatisfiable,
            "cannot lock the Go modules \(names) from \(proxy.addresses.joined(separator: ", ")): go list failed\n\(log)",
            hint: "correct the module or its version, or set GOPROXY to another module proxy")
    }
}
