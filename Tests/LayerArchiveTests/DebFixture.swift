import OCIModel
import SystemPackage
import TestSupport

@testable import LayerArchive

/// A `.deb` made byte by byte, so that it can contain what no honest tool would write.
struct DebFixture {
    struct Member {
        var name: String
        var type: Character = "0"
        var content: [UInt8] = []
        var link = ""
        /// The size in the header if it differs from the size of the content.
        var claimedSize: Int64?
    }

    var members: [Member]
    var version = "2.0\n"
    var controlName = "control.tar"
    var dataName = "data.tar"
    var control: [Member] = [Member(name: "./control", content: Array("Package: x\n".utf8))]
    /// Turns the finished tar of the data member into the bytes that are stored.
    var encodeData: ([UInt8]) throws -> [UInt8] = { $0 }

    init(_ members: [Member]) { self.members = members }

    static func tar(_ members: [Member]) -> [UInt8] {
        members.flatMap { member -> [UInt8] in
            var block = UstarBlock(
                name: Array(member.name.utf8), type: member.type.asciiValue ?? 0, mode: 0o644,
                size: member.claimedSize ?? Int64(member.content.count))
            block.link = Array(member.link.utf8)
            let padding = TarHeader.padding(after: Int64(member.content.count))
            return block.bytes + member.content + [UInt8](repeating: 0, count: padding)
        } + [UInt8](repeating: 0, count: 1024)
    }

    static func ar(_ members: [(String, [UInt8])]) -> [UInt8] {
        Array("!<arch>\n".utf8)
            + members.flatMap { name, bytes -> [UInt8] in
                func field(_ text: String, _ width: Int) -> String {
                    text + String(repeating: " ", count: max(0, width - text.utf8.count))
                }
                let header =
                    field(name, 16) + field("1700000000", 12) + field("0", 6) + field("0", 6)
                    + field("100644", 8) + field("\(bytes.count)", 10) + "`\n"
                return Array(header.utf8) + bytes + (bytes.count % 2 == 0 ? [] : [10])
            }
    }

    func bytes() throws -> [UInt8] {
        Self.ar([
            ("debian-binary", Array(version.utf8)), (controlName, Self.tar(control)),
            (dataName, try encodeData(Self.tar(members))),
        ])
    }

    static func compress(_ bytes: [UInt8], _ compression: LayerCodec.Compression) throws -> [UInt8] {
        let codec = LayerCodec(compression, level: 1, blockSize: bytes.count)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: BlockCompressor.bound(codec), alignment: 1)
        defer { output.deallocate() }
        let compressor = try BlockCompressor(codec)
        let count = try bytes.withUnsafeBytes { try compressor.compress($0, into: output) }
        return Array(output[..<count])
    }
}

extension TemporaryFolder {
    func unpack(
        _ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits(),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> UnpackedPackage {
        let deb = try file("x.deb", bytes)
        return try unpack(deb, limits: limits, isCancelled: isCancelled)
    }

    func unpack(
        _ deb: FilePath, limits: ArchiveLimits = ArchiveLimits(),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> UnpackedPackage {
        let record = try withOutput("spool") {
            try DebPackage.unpack(
                OpenFile(reading: deb), name: deb.lastComponent?.string ?? "", into: $0, limits: limits,
                isCancelled: isCancelled)
        }
        let spool = path.appending("spool")
        let stored = try contents(spool)
        guard Digest(of: stored) == record.spool, Int64(stored.count) == record.spoolSize else {
            throw LayerArchiveError(.corrupt, "the record's digest or size is not the spool's")
        }
        return try UnpackedPackage(record: PackageRecord(decoding: record.encode()), spool: spool)
    }
}
