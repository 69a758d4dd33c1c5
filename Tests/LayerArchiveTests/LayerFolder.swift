import Foundation
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport

extension TemporaryFolder {
    func file(_ name: String, _ bytes: [UInt8]) throws -> FilePath {
        let file = path.appending(name)
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        return file
    }

    /// Creates an empty file that is open while `use` runs.
    func withOutput<Result>(_ name: String, _ use: (FileDescriptor) throws -> Result) throws -> Result {
        let descriptor = try FileDescriptor.open(
            path.appending(name), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
        return try descriptor.closeAfter { try use(descriptor) }
    }

    /// Writes a layer to `name`.
    func write(
        _ tree: FileTree, _ codec: LayerCodec, threads: Int = 2, as name: String = "layer"
    ) throws -> WrittenLayer {
        try withOutput(name) {
            try LayerWriter.write(tree, codec: codec, threads: threads, to: $0, isCancelled: { false })
        }
    }

    func list(_ name: String = "layer") throws -> LayerListing {
        try LayerReader.list(path.appending(name), isCancelled: { false })
    }
}

func contents(_ file: FilePath) throws -> [UInt8] {
    let descriptor = try FileDescriptor.open(file, .readOnly)
    return try descriptor.closeAfter {
        let size = Int(try descriptor.seek(offset: 0, from: .end))
        try descriptor.seek(offset: 0, from: .start)
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                count += try descriptor.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...]))
            }
        }
    }
}

extension FileTree {
    init(_ entries: [(String, FileEntry)]) throws {
        self.init()
        for (path, entry) in entries { self[try EntryPath(path)] = entry }
    }
}

extension FileEntry {
    static func file(_ text: String, mode: UInt16 = 0o644, modified: Int64 = 1) -> FileEntry {
        FileEntry(.regular(.bytes(Array(text.utf8))), mode: mode, modified: modified)
    }

    static let folder = FileEntry(.directory, mode: 0o755, modified: 1)
}

/// Runs a shell command in the folder and returns its exit code.
func run(_ command: String, in folder: FilePath) async throws -> Int32 {
    let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"]
    let setting = Setting(folder: URL(filePath: folder.string), environment: environment)
    return try await Program.run(["/bin/sh", "-c", command], in: setting).status
}

func has(_ program: String) -> Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/" + program) }
