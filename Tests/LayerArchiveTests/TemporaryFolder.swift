import FoundationEssentials
import Glibc
import LayerArchive
import OCIModel
import SystemPackage

/// A folder for a single test, which is removed with everything in it.
struct TemporaryFolder: ~Copyable {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "layer-archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = FilePath(url.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

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

/// Returns bytes that compress only moderately, the same on every machine and aligned differently in every block.
func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 1
    let piece = (0..<8191).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56) & 31
    }
    var bytes: [UInt8] = []
    while bytes.count + piece.count <= count { bytes += piece }
    return bytes + piece.prefix(count - bytes.count)
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

/// Runs an installed program with `sh` in the folder and returns its exit status.
func run(_ command: String, in folder: FilePath) throws -> Int32 {
    let script = "cd '\(folder)' && { \(command); } >>log 2>&1"
    var process = pid_t()
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(script), nil]
    let environment: [UnsafeMutablePointer<CChar>?] = [
        strdup("PATH=/usr/bin:/bin"), strdup("LC_ALL=C"), strdup("TZ=UTC"), nil,
    ]
    defer { for text in arguments + environment { free(text) } }
    guard posix_spawn(&process, "/bin/sh", nil, nil, arguments, environment) == 0 else { throw Errno(rawValue: errno) }
    var status: Int32 = 0
    guard waitpid(process, &status, 0) == process else { throw Errno(rawValue: errno) }
    return status >> 8 & 0xff
}

func has(_ program: String) -> Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/" + program) }
