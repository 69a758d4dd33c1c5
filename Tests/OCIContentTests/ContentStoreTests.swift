import DurableFiles
import OCIContent
import OCIModel
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct ContentStoreTests {
    private func blob(_ text: String) -> (bytes: [UInt8], descriptor: Descriptor) {
        let bytes = Array(text.utf8)
        return (
            bytes, Descriptor(mediaType: .config, digest: Digest(of: bytes), size: Int64(bytes.count))
        )
    }

    @Test func `an added blob is read back and needs no second copy`() throws {
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            let (bytes, descriptor) = blob("hello")
            #expect(try store.add(bytes) == descriptor.digest)
            #expect(try store.add(bytes) == descriptor.digest)
            #expect(try store.readDocument(descriptor) == bytes)
            #expect(try names(in: folder.appending("tmp")) == [])
        }
    }

    @Test func `a blob is fetched once, and only if it matches its digest`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            let source = MemoryContent()
            let (bytes, descriptor) = blob("hello")
            for wrong in ["jello", "hello, hello", "hell"] {
                source.state.withLock { $0.blobs[descriptor.digest] = Array(wrong.utf8) }
                let error = await #expect(throws: ContentError.self) { try await store.fetch(descriptor, from: source) }
                #expect(error?.code == .corrupt)
                #expect(!store.contains(descriptor.digest, size: 5))
            }
            source.add(bytes, as: .config)
            // Whatever the failures left in its place is not part of it.
            try await store.fetch(descriptor, from: source)
            #expect(try store.readDocument(descriptor) == bytes)
            let asked = source.log.count
            try await store.fetch(descriptor, from: source)
            #expect(source.log.count == asked)
            #expect(try names(in: folder.appending("tmp")) == [])
        }
    }

    @Test func `a damaged blob is never returned`() throws {
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            let (bytes, descriptor) = blob("hello")
            _ = try store.add(bytes)
            try overwrite(store.path(of: descriptor.digest), with: "jello")
            #expect(throws: ContentError.self) { try store.readDocument(descriptor) }
            #expect(throws: ContentError.self) { try store.verifiedPath(of: descriptor.digest, size: 5) }
            #expect(try store.verify(repair: true, isCancelled: { false }).damaged == [descriptor.digest.description])
            #expect(!store.contains(descriptor.digest, size: 5))
        }
    }

    @Test func `a checked copy keeps its bytes whatever happens to the blob`() throws {
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            let bytes = Array("contents".utf8)
            let digest = try store.add(bytes)
            let copy = try store.checkedCopy(of: digest, size: 8)
            defer { try? copy.close() }
            let path = store.path(of: digest)
            try FileSystem.remove(path)
            try FileSystem.write(Array("Contents".utf8), to: path)
            FileSystem.seal(path)
            var found = [UInt8](repeating: 0, count: 9)
            #expect(try found.withUnsafeMutableBytes { try copy.read(into: $0) } == 8)
            #expect(found.prefix(8).elementsEqual(bytes))
            // The store knows the blob as checked, and hashes it all the same.
            #expect(throws: ContentError.self) { try store.checkedCopy(of: digest, size: 8) }
            #expect(try FileSystem.names(in: folder.appending("tmp")).isEmpty)
        }
    }

    @Test func `a truncated blob counts as missing`() throws {
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            let (bytes, descriptor) = blob("hello")
            _ = try store.add(bytes)
            try overwrite(store.path(of: descriptor.digest), with: "hell")
            #expect(!store.contains(descriptor.digest, size: 5))
        }
    }

    @Test func `a failed write leaves nothing`() throws {
        struct Failure: Error {}
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            #expect(throws: Failure.self) {
                try store.add { file -> (Digest, Void) in
                    try file.writeAll(Array("half".utf8))
                    throw Failure()
                }
            }
            #expect(try names(in: folder.appending("tmp")) == [])
            #expect(try names(in: folder.pushing("blobs/sha256")) == [])
        }
    }

    @Test func `a partial download is kept for the next run`() async throws {
        struct Failure: Error {}
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            let (bytes, descriptor) = blob("hello")
            await #expect(throws: Failure.self) {
                try await store.download(descriptor.digest, size: 5) { path in
                    try overwrite(path, with: "hel")
                    throw Failure()
                }
            }
            #expect(!store.contains(descriptor.digest, size: 5))
            try await store.download(descriptor.digest, size: 5) { path in
                #expect(try FileSystem.read(path, limit: 10) == Array("hel".utf8))
                try overwrite(path, with: "hello")
            }
            #expect(try store.readDocument(descriptor) == bytes)
        }
    }

    @Test func `one of many callers that want a download performs it`() async throws {
        try await withTemporaryFolder { folder in
            let (_, descriptor) = blob("hello")
            let counter = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        // Each task has a store of its own, as other processes do.
                        try await ContentStore(root: folder).download(descriptor.digest, size: 5) { path in
                            counter.increment()
                            try await Task.sleep(for: .milliseconds(20))
                            try overwrite(path, with: "hello")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(counter.value == 1)
        }
    }

    @Test func `garbage is everything unused since a given time, and everything unfinished`() throws {
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            let (bytes, descriptor) = blob("hello")
            _ = try store.add(bytes)
            try store.setRecord("layers", descriptor.digest, bytes)
            try FileSystem.write([1], to: folder.pushing("tmp/new-1"))
            #expect(try store.collectGarbage(unusedSince: 0).blobs == 0)
            #expect(store.contains(descriptor.digest, size: 5))
            #expect(try names(in: folder.appending("tmp")) == [])
            let collected = try store.collectGarbage(unusedSince: .max)
            #expect(collected.blobs == 1 && collected.records == 1 && collected.bytes == 5)
            #expect(!store.contains(descriptor.digest, size: 5))
        }
    }

    @Test func `a store in use is left alone`() throws {
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            _ = try ContentStore(root: folder)
            let error = #expect(throws: ContentError.self) { try store.collectGarbage(unusedSince: .max) }
            #expect(error?.code == .busy)
        }
    }

    @Test func `a record is replaced as a whole, and a lost one is merely forgotten`() throws {
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder)
            let key = Digest(of: [1])
            #expect(store.record("layers", key) == nil)
            try store.setRecord("layers", key, [1])
            try store.setRecord("layers", key, [2, 3])
            #expect(store.record("layers", key) == [2, 3])
        }
    }
}
