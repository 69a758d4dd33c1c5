import DurableFiles
import Foundation
import OCIContent
import OCIModel
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Tests of layouts that others wrote, by mistake or in bad faith (row 50 of the fault table).
@Suite struct ForeignLayoutTests {
    private let source = MemoryContent()

    /// Creates an image in a layout, named `v1`.
    private func layout(in folder: FilePath) async throws -> (OCILayout, root: Descriptor, layer: Descriptor) {
        let layout = OCILayout(root: folder.appending("layout"))
        let root = try source.addImage(["some layer"])
        try await copy(root, from: source, to: layout, tag: "v1")
        return (layout, root, Descriptor(mediaType: .layerGzip, digest: Digest(of: "some layer".utf8), size: 10))
    }

    @Test func `a stream becomes a blob only if all of it matches the digest`() async throws {
        try await withTemporaryFolder { folder in
            let (layout, root, layer) = try await layout(in: folder)
            #expect(try FileSystem.read(layout.path(of: layer.digest), limit: 100) == Array("some layer".utf8))
            #expect(try await layout.resolve("v1").digest == root.digest)
            #expect(try await layout.tags() == ["v1"])
            for wrong in ["some layes", "some laye", "some layer!"] {
                source.state.withLock { $0.blobs[layer.digest] = Array(wrong.utf8) }
                let target = OCILayout(root: folder.appending("target"))
                let error = await #expect(throws: ContentError.self) {
                    try await copy(root, from: source, to: target, tag: "v1")
                }
                #expect(error?.code == .corrupt)
                #expect(try target.index() == nil)
                #expect(FileSystem.regularFileSize(target.path(of: layer.digest)) == nil)
                #expect(try names(in: folder.pushing("target/blobs/sha256")).allSatisfy { !$0.hasPrefix(".") })
            }
        }
    }

    @Test func `a copy changes nothing in the layout that it reads`() async throws {
        try await withTemporaryFolder { folder in
            let (layout, root, layer) = try await layout(in: folder)
            let path = layout.path(of: layer.digest).string
            let moment = Date(timeIntervalSince1970: 1_500_000_000)
            try FileManager.default.setAttributes([.modificationDate: moment], ofItemAtPath: path)
            let target = OCILayout(root: folder.appending("target"))
            for _ in 0..<2 {
                try await copy(root, from: layout, to: target, tag: "v1")
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date == moment)
            }
            #expect(FileSystem.linkCount(target.path(of: layer.digest)) == 2)
        }
    }

    @Test func `row 50: a link in place of a blob is not followed`() async throws {
        try await withTemporaryFolder { folder in
            let (layout, root, layer) = try await layout(in: folder)
            let path = layout.path(of: layer.digest)
            try FileSystem.remove(path)
            try FileSystem.write(Array("some layer".utf8), to: folder.appending("elsewhere"))
            try FileSystem.makeSymlink(path, to: folder.appending("elsewhere").string.utf8)
            await #expect(throws: ContentError.self) {
                try await copy(root, from: layout, to: OCILayout(root: folder.appending("target")), tag: "v1")
            }
        }
    }

    @Test func `row 50: a blob of the wrong size or content does not leave the layout`() async throws {
        let changes = [
            ("some layer and more", false, ContentError.Code.missing), ("some layes", false, .corrupt),
            // With the time that says that its bytes were checked.
            ("some layes", true, .corrupt),
        ]
        for (text, isSealed, code) in changes {
            try await withTemporaryFolder { folder in
                let (layout, root, layer) = try await layout(in: folder)
                try overwrite(layout.path(of: layer.digest), with: text)
                if isSealed { FileSystem.seal(layout.path(of: layer.digest)) }
                let error = await #expect(throws: ContentError.self) {
                    try await copy(root, from: layout, to: OCILayout(root: folder.appending("target")), tag: "v1")
                }
                #expect(error?.code == code)
            }
        }
    }

    @Test func `row 50: a digest that contains a path and an index that is too large are refused`() async throws {
        try await withTemporaryFolder { folder in
            let layout = OCILayout(root: folder)
            let entry = #"{"mediaType":"a/b","digest":"sha256:../../../etc/passwd","size":1}"#
            try FileSystem.write(
                Array(#"{"schemaVersion":2,"manifests":[\#(entry)]}"#.utf8), to: layout.root.appending("index.json"))
            await #expect(throws: ContentError.self) { try await layout.resolve("v1") }
            let good = #"{"mediaType":"a/b","digest":"\#(Digest(of: [1]))","size":1},"#
            let many = #"{"schemaVersion":2,"manifests":["# + String(repeating: good, count: 200_000) + "]}"
            try FileSystem.write(Array(many.utf8), to: layout.root.appending("index.json"))
            let error = await #expect(throws: ContentError.self) { try await layout.resolve("v1") }
            #expect(error?.code == .invalidLayout)
        }
    }

    @Test func `referrers are listed without a name, and found again`() async throws {
        try await withTemporaryFolder { folder in
            let image = try source.addImage()
            let root = try source.addIndex([image])
            let signature = try source.addReferrer(of: image, "signature")
            let second = try source.addReferrer(of: signature, "signature of it")
            var options = CopyOptions()
            options.withReferrers = true
            let layout = OCILayout(root: folder.appending("layout"))
            for _ in 0..<2 { try await copy(root, from: source, to: layout, tag: "v1", options) }
            #expect(try layout.index()?.manifests.count == 3, "each is listed once")
            #expect(try await layout.referrers(of: image.digest).map(\.digest) == [signature.digest])
            #expect(try await layout.referrers(of: image.digest).first?.artifactType == MediaType.config.rawValue)
            #expect(try await layout.descriptor(named: nil).digest == root.digest, "referrers are not images")
            let target = MemoryContent()
            try await copy(root, from: layout, to: target, tag: "v1", options)
            #expect(target.log.contains("document \(second.digest.short)"))
        }
    }

    @Test func `the progress of each blob is reported`() async throws {
        try await withTemporaryFolder { folder in
            let root = try source.addImage(["some layer"])
            let events = Events()
            let layout = OCILayout(root: folder, observe: { events.add($0) })
            try await copy(root, from: source, to: layout, tag: "v1")
            let layer = Descriptor(mediaType: .layerGzip, digest: Digest(of: "some layer".utf8), size: 10)
            #expect(events.moved(layer.digest) == 10)
            #expect(events.all.contains(.arrived(layer, .sent)))
            try await copy(root, from: source, to: layout, tag: "v2")
            #expect(events.all.contains(.arrived(layer, .present)))
            #expect(events.moved(layer.digest) == 10)
        }
    }
}
