import DurableFiles
import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIContent
package import OCIModel
import Scheduling
import SystemPackage

extension ImageBuilder {
    /// Builds an image where it is not built, and tests it on each Linux platform, in its own root file system: natively
    /// or under qemu-user.
    ///
    /// - Returns: What was found good, by platform, in the order of the index.
    /// - Throws: `ImageBuildingError`: `failed` for the first platform whose tests fail, `unavailable` where programs
    ///   cannot be run; the errors of `build`.
    package func test(_ request: BuildRequest) async throws -> [(platform: Platform, passed: [String])] {
        let platforms = request.platforms.filter { $0.os == "linux" }
        guard !platforms.isEmpty else {
            throw ImageBuildingError(
                .refused, "programs for Windows cannot be run here", hint: "test a Linux platform of the image")
        }
        let emulators = try platforms.map { try emulator(for: $0) }
        try await TestRoot.checkNamespaces()
        var chosen = request
        chosen.platforms = platforms
        let image = try await build(chosen).image
        let script = try request.folder.testScript()
        var results: [(platform: Platform, passed: [String])] = []
        for (one, emulator) in zip(image.platforms, emulators) {
            observe(.note("\(one.platform): testing"))
            let passed = try await withRoot(of: one, emulator) { root in
                try await ImageTest(definition: request.folder.definition, script: script, root: root).run()
            }
            results.append((one.platform, passed))
        }
        return results
    }

    private func emulator(for platform: Platform) throws -> Emulator? {
        guard platform.architecture != host.architecture else { return nil }
        let emulator = Emulator(architecture: platform.architecture)
        guard emulator.isInstalled else {
            throw ImageBuildingError(
                .unavailable, "cannot run programs for \(platform) here: \(emulator.path) is missing",
                hint: "install qemu-user-static")
        }
        return emulator
    }

    /// Hands out an image's files in a folder for the time of `use`.
    private func withRoot<Result: Sendable>(
        of image: BuiltPlatform, _ emulator: Emulator?, _ use: (TestRoot) async throws -> Result
    ) async throws -> Result {
        let config = try CanonicalJSON.decode(ImageConfig.self, from: store.readDocument(image.config))
        var environment = ["ARCH": image.platform.architecture, "HOME": "/tmp"]
        for variable in config.config?.environment ?? [] {
            let halves = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if halves.count == 2 { environment[String(halves[0])] = String(halves[1]) }
        }
        return try await store.withTemporaryFolder { folder in
            let rule = try await BlockingPool.with(threads: 1) { pool in
                try await pool.run { flag in
                    let layers = try (image.baseLayers + image.layers.map(\.descriptor)).map {
                        try store.openLayer($0, of: "\(image.platform)", isCancelled: { flag.isSet })
                    }
                    let tree = try MergedRoot(base: layers).tree
                    try TestRoot.layOut(tree, in: folder, isCancelled: { flag.isSet })
                    return try emulator.map { $0.rule(forProgramsLike: try Self.programHeader(tree, folder)) } ?? ""
                }
            }
            return try await use(
                TestRoot(folder: folder, platform: image.platform, environment: environment, rule: rule))
        }
    }

    /// Returns the first bytes of some program of an image, which tell its architecture.
    private static func programHeader(_ tree: FileTree, _ folder: FilePath) throws -> [UInt8] {
        for (path, entry) in tree.sorted where entry.mode & 0o111 != 0 {
            guard case .regular = entry.kind else { continue }
            let file = try FileDescriptor.open(
                folder.appending(path), .readOnly, options: .closeOnExec)
            defer { try? file.close() }
            let header = try [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if header.count == 20, header.starts(with: [0x7f, 0x45, 0x4c, 0x46]) { return header }
        }
        throw ImageBuildingError(.notFound, "the image has no program that could be run")
    }
}

extension ImageFolder {
    private static let scriptLimit: Int64 = 1 << 20

    fileprivate func testScript() throws -> String? {
        guard let name = definition.test else { return nil }
        let file = path.pushing(FilePath(name)).lexicallyNormalized()
        guard let bytes = try FileSystem.read(file, limit: Self.scriptLimit) else {
            throw ImageBuildingError(.refused, "\(file), which \(definitionPath) names, is missing")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
