import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import LayerArchive

/// Contents that were checked once, and are hashed again by whoever reads all of them.
@Suite struct ContentCheckTests {
    @Test func `bytes that changed after they were checked are refused by whoever reads them all`() throws {
        let folder = try TemporaryFolder()
        let bytes = noise(3 << 20)
        let file = try folder.file("content", [1] + bytes)
        let content = FileContent.slice(of: file, offset: 1, size: Int64(bytes.count), digest: Digest(of: bytes))
        let tree = try FileTree([("f", FileEntry(.regular(content), mode: 0o644, modified: 0))])
        let uses: [(String) throws -> Void] = [
            { _ in _ = try folder.write(tree, .standard(.gzip)) },
            { name in try content.copy(to: folder.path.appending(name), mode: 0o644) },
            { _ in _ = try ContentReader().readAll(content, limit: .max) },
            { _ in _ = try tree.contentDigest() },
        ]
        for (number, use) in uses.enumerated() { try use("before-\(number)") }
        let handle = try FileDescriptor.open(file, .writeOnly)
        try handle.closeAfter {
            _ = try handle.writeAll(toAbsoluteOffset: 2 << 20, [bytes[2 << 20 - 1] ^ 1])
        }
        for (number, use) in uses.enumerated() {
            let error = #expect(throws: LayerArchiveError.self) { try use("after-\(number)") }
            #expect(error?.code == .inputOutput)
            #expect(error?.message.contains(file.string) == true)
        }
    }
}
