import DurableFiles
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import ImageBuilding

@Suite struct TestRootTests {
    @Test func `names and targets that are not text are laid out as they are`() throws {
        try withTemporaryFolder { folder in
            let name = Array("caf".utf8) + [0xe9]
            var tree = FileTree()
            tree[try EntryPath("srv")] = FileEntry(.directory, mode: 0o755, modified: 0)
            tree[try EntryPath(Array("srv/".utf8) + name)] = FileEntry(.regular(.bytes([1])), mode: 0o644, modified: 0)
            tree[try EntryPath("srv/link")] = FileEntry(.symlink(target: name), mode: 0o777, modified: 0)
            let root = folder.appending("root")
            try TestRoot.layOut(tree, in: root, isCancelled: { false })
            #expect(try FileSystem.rawNames(in: root.appending("srv")) == [name, Array("link".utf8)])
            #expect(FileSystem.rawSymbolicLinkTarget(root.pushing("srv/link")) == name)
        }
    }
}
