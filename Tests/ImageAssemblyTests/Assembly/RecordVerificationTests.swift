import Foundation
import ImageAssembly
import ImageDefinition
import OCIContent
import OCIModel
import SystemPackage
import TestSupport
import Testing

/// What a store remembers of packages, held against the packages.
@Suite struct RecordVerificationTests {
    @Test func `a record that was swapped is found, and corrected when that is asked for`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            var pins: [Lock.Package] = []
            for (name, text) in [("one", "first"), ("two", "second")] {
                let package = try await package(name, text, in: folder)
                let (digest, size) = try store.add(copyOf: package)
                pins.append(
                    Lock.Package(
                        name: name, version: "1", architecture: "all", archive: "debian", suite: "trixie", index: "i",
                        path: "pool/\(name).deb", size: size, sha256: digest))
            }
            for pin in pins { _ = try store.open(pin, isCancelled: { false }) }
            #expect(try store.verifyRecords(repair: false, isCancelled: { false }).wrong == [])
            let kind = try #require(try names(in: folder.pushing("store/records")).first)
            let right = try #require(store.record(kind, pins[0].sha256))
            let swapped = try #require(store.record(kind, pins[1].sha256))
            try store.setRecord(kind, pins[0].sha256, swapped)
            let found = try store.verifyRecords(repair: false, isCancelled: { false })
            #expect(found.records == 2 && found.wrong == [pins[0].sha256])
            #expect(store.record(kind, pins[0].sha256) == swapped)
            #expect(try store.verifyRecords(repair: true, isCancelled: { false }).wrong == [pins[0].sha256])
            #expect(store.record(kind, pins[0].sha256) == right)
            // Of what cannot be opened, nothing is remembered.
            let damaged = try store.add(Array("!<arch>\ndamaged".utf8))
            try store.setRecord(kind, damaged, swapped)
            #expect(try store.verifyRecords(repair: false, isCancelled: { false }).wrong == [damaged])
            #expect(store.record(kind, damaged) == swapped)
            #expect(try store.verifyRecords(repair: true, isCancelled: { false }).wrong == [damaged])
            #expect(store.record(kind, damaged) == nil)
        }
    }

    private func names(in folder: FilePath) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.string).sorted()
    }

    private func package(_ name: String, _ text: String, in folder: FilePath) async throws -> FilePath {
        let tree = URL(fileURLWithPath: folder.appending(name).string)
        for part in ["DEBIAN", "usr"] {
            try FileManager.default.createDirectory(
                at: tree.appending(path: part), withIntermediateDirectories: true)
        }
        let control =
            "Package: \(name)\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <n@example.org>\nDescription: none\n"
        try Data(control.utf8).write(to: tree.appending(path: "DEBIAN/control"))
        try Data(text.utf8).write(to: tree.appending(path: "usr/text"))
        let file = folder.appending("\(name).deb")
        let setting = Setting(folder: URL(fileURLWithPath: folder.string), environment: ["PATH": "/usr/bin:/bin"])
        let ended = try await Program(["dpkg-deb", "-Zgzip", "--build", name, file.string], in: setting).ended()
        try #require(ended.status == 0, "\(ended.errors)")
        return file
    }
}
