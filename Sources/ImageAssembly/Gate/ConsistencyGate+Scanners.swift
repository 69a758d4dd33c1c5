import DebianFormat
import ImageDefinition
import LayerArchive
import OCIModel

extension ConsistencyGate {
    private static let maximumRecord = 1 << 20
    private static let maximumChecksums = 16 << 20

    /// Checks the files that trivy, grype and syft read; without them, scanners take the image for one without a
    /// distribution and report nothing.
    func scannerFailures(_ platform: Platform, _ root: MergedRoot, _ reader: ContentReader) -> [GateFailure] {
        var failures: [GateFailure] = []
        func check(_ path: EntryPath?, _ rule: (FileContent) throws(GateFault) -> Void) {
            guard let path else { return }
            do throws(GateFault) {
                guard let file = root.file(path) else { throw GateFault(.scannerData, "is missing") }
                try rule(file.content)
            } catch {
                failures.append(GateFailure(platform: platform, path: path, rule: error.rule, message: error.message))
            }
        }
        check(try? EntryPath("etc/debian_version")) { content throws(GateFault) in
            if content.size == 0 { throw GateFault(.scannerData, "is empty") }
        }
        check(try? EntryPath("etc/os-release")) { content throws(GateFault) in
            let lines = try Self.read(content, reader, limit: Self.maximumRecord).split(separator: UInt8(ascii: "\n"))
            guard lines.contains(where: { $0.elementsEqual("ID=debian".utf8) }) else {
                throw GateFault(.scannerData, "does not say ID=debian")
            }
        }
        let folder = "var/lib/dpkg/status.d/"
        let records = root.tree.sorted.map(\.path).filter { $0.bytes.starts(with: folder.utf8) }
        if records.isEmpty { check(try? EntryPath(folder)) { _ throws(GateFault) in } }
        for record in records {
            check(record) { content throws(GateFault) in
                if record.name.suffix(8).elementsEqual(".md5sums".utf8) {
                    try Self.checkChecksums(try Self.read(content, reader, limit: Self.maximumChecksums))
                } else {
                    try Self.checkStanza(try Self.read(content, reader, limit: Self.maximumRecord))
                }
            }
        }
        return failures
    }

    private static func read(
        _ content: FileContent, _ reader: ContentReader, limit: Int
    ) throws(GateFault) -> [UInt8] {
        do { return try reader.readAll(content, limit: limit) } catch { throw GateFault(.unreadable, error.message) }
    }

    /// Checks that two spaces follow each checksum, since trivy stops at a line without them.
    private static func checkChecksums(_ bytes: [UInt8]) throws(GateFault) {
        guard let last = bytes.last else { return }
        guard last == UInt8(ascii: "\n") else { throw GateFault(.scannerData, "does not end in a newline") }
        let lines = bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let isHex = line.prefix(32).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            guard line.count > 34, isHex, line.dropFirst(32).starts(with: "  ".utf8) else {
                throw GateFault(.scannerData, "line \(number + 1) is not a checksum, two spaces and a path")
            }
        }
    }

    /// Checks that the record is a single stanza: syft drops a last line without a newline, and stops at a field that
    /// occurs twice.
    private static func checkStanza(_ bytes: [UInt8]) throws(GateFault) {
        guard bytes.last == UInt8(ascii: "\n") else { throw GateFault(.scannerData, "does not end in a newline") }
        let stanza: Stanza
        do { stanza = try Stanza(controlFile: bytes) } catch { throw GateFault(.scannerData, error.message) }
        for field in ["package", "version", "architecture"] where (try? stanza.value(field)) == nil {
            throw GateFault(.scannerData, "lacks the field '\(field)'")
        }
    }
}
