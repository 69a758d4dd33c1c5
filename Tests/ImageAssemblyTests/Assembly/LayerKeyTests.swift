import DurableFiles
import ImageDefinition
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ImageAssembly

/// Tests of which layers have to be compressed again after a change.
@Suite struct LayerKeyTests {
    private static let platform = Platform(os: "linux", architecture: "amd64")

    /// Returns a plan of two layers, each with a file of the folder, on top of one without, together with the files'
    /// stamps.
    private func plan(_ folder: FilePath) throws -> (BuildPlan, stamps: [FilePath: String]) {
        var layers = [try layer("base", FolderFiles([], in: folder, for: Self.platform).tree, "usr/base")]
        var stamps: [FilePath: String] = [:]
        for name in ["one", "two"] {
            let file = Definition.ExtraFile(
                source: "\(name).sh", path: try EntryPath("opt/\(name)"), mode: nil, owner: .init(user: 0, group: 0))
            let found = try FolderFiles([file], in: folder, for: Self.platform)
            stamps.merge(found.stamps) { stamp, _ in stamp }
            layers.append(try layer(name, found.tree, "usr/\(name)"))
        }
        let platform = PlatformPlan(
            requested: Self.platform, platform: Self.platform, layers: layers, created: Timestamp(seconds: 0),
            execution: .init(), base: nil,
            annotations: [:])
        return (BuildPlan(tag: "1", platforms: [platform], annotations: [:], codec: .standard(.gzip)), stamps)
    }

    private func layer(_ name: String, _ files: FileTree, _ folder: String) throws -> LayerPlan {
        var tree = files
        tree[try EntryPath(folder)] = FileEntry(.directory, mode: 0o755, modified: 0)
        return LayerPlan(name: name, tree: tree, created: Timestamp(seconds: 0), createdBy: "test")
    }

    /// Assembles the plan and returns the names of the layers that had to be made.
    private func made(_ folder: FilePath) async throws -> [String] {
        let (plan, stamps) = try plan(folder)
        let made = Mutex<[String]>([])
        let pool = BlockingPool(threads: 1)
        let assembler = Assembler(
            store: try ContentStore(root: folder.appending("store")), pool: pool, threads: 1, toolIdentity: "test",
            stamps: stamps
        ) { event in
            if case .layer(_, let name, _, reused: false) = event { made.withLock { $0.append(name) } }
        }
        let result = await Task { try await assembler.assemble(plan) { _, _ in } }.result
        try await pool.shutDown()
        _ = try result.get()
        return made.withLock { $0.sorted() }
    }

    @Test func `touching one file makes only its layer again`() async throws {
        let folder = try TemporaryFolder()
        for name in ["one", "two"] {
            try FileSystem.write(Array(name.utf8), to: folder.path.appending("\(name).sh"))
        }
        #expect(try await made(folder.path) == ["base", "one", "two"])
        #expect(try await made(folder.path) == [])
        try FileSystem.write(Array("new".utf8), to: folder.path.appending("two.sh"))
        #expect(try await made(folder.path) == ["two"])
        #expect(try await made(folder.path) == [])
    }
}
