import Foundation
import LayerArchive
import OCIModel
import SystemPackage

/// A folder for a single test, with layers written to it and read back from it.
struct WindowsFolder: ~Copyable {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "windows-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = FilePath(url.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    func write(_ tree: FileTree, as name: String = "layer") throws -> WrittenLayer {
        let file = try FileDescriptor.open(
            path.appending(name), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
        return try file.closeAfter {
            try LayerWriter.write(tree, codec: .standard(.gzip), threads: 1, to: file, isCancelled: { false })
        }
    }

    func listing(_ tree: FileTree) throws -> LayerListing {
        _ = try write(tree)
        return try LayerReader.list(path.appending("layer"), isCancelled: { false })
    }

    /// Writes a layer of any members in any order, which our own writer would not make.
    func listing(_ members: [ForeignMember]) throws -> LayerListing {
        let bytes = members.flatMap(\.bytes) + [UInt8](repeating: 0, count: 1024)
        let file = path.appending("foreign")
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        return try LayerReader.list(file, isCancelled: { false })
    }
}

/// A member of a tar, made byte by byte.
struct ForeignMember: Sendable {
    var name: String
    var type: Character
    var target = ""
    var content: [UInt8] = []
    var records: [String: String] = [:]

    static func directory(_ name: String, _ records: [String: String] = [:]) -> ForeignMember {
        ForeignMember(name: name, type: "5", records: records)
    }

    static func file(_ name: String, _ records: [String: String] = [:]) -> ForeignMember {
        ForeignMember(name: name, type: "0", content: [1, 2, 3], records: records)
    }

    static func hardLink(_ name: String, _ target: String) -> ForeignMember {
        ForeignMember(name: name, type: "1", target: target)
    }

    static func symlink(_ name: String, _ target: String, _ records: [String: String] = [:]) -> ForeignMember {
        ForeignMember(name: name, type: "2", target: target, records: records)
    }

    var bytes: [UInt8] {
        var records = records
        if name.utf8.count > 100 { records["path"] = name }
        let body = records.sorted { $0.key < $1.key }.flatMap { record in
            let rest = " \(record.key)=\(record.value)\n"
            var length = rest.utf8.count
            while length != rest.utf8.count + "\(length)".utf8.count {
                length = rest.utf8.count + "\(length)".utf8.count
            }
            return Array("\(length)\(rest)".utf8)
        }
        let extended = body.isEmpty ? [] : Self.block("pax", "x", "", body.count) + Self.padded(body)
        return extended + Self.block(String(name.prefix(100)), type, target, content.count) + Self.padded(content)
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    private static func block(_ name: String, _ type: Character, _ target: String, _ size: Int) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000555\0" + "0000000\0" + "0000000\0", at: 100)
        let octal = String(size, radix: 8)
        put(String(repeating: "0", count: 11 - octal.count) + octal, at: 124)
        put("00000000001", at: 136)
        put("        " + String(type), at: 148)
        put(target, at: 157)
        put("ustar\u{0}00", at: 257)
        let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
        return block
    }
}
