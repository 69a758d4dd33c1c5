import OCIModel

/// Reads the members of a tar one after the other, with names as raw bytes.
///
/// Understands ustar, PAX and GNU's long names, and refuses whatever it would have to guess at: sparse files, unknown
/// types, and content where there can be none.
struct TarReader: ~Copyable {
    private var stream: DecodedStream
    private let limits: ArchiveLimits
    private var memberCount = 0
    /// The number of bytes of the current member's content that have not been read, and of zero bytes after it.
    private var remaining: Int64 = 0
    private var padding: Int64 = 0
    private var globals: [String: [UInt8]] = [:]

    init(_ stream: consuming DecodedStream, limits: ArchiveLimits) {
        self.stream = stream
        self.limits = limits
    }

    /// Skips the unread content of the current member and returns the next one, or `nil` at the end: after a zero block,
    /// or where the file ends between two members, as other readers have it too.
    mutating func next() throws(LayerArchiveError) -> TarMember? {
        var overrides = Overrides()
        while true {
            guard try skip(remaining) else { throw endsTooEarly }
            // The last member's padding may be missing.
            guard try skip(padding) else { return nil }
            (remaining, padding) = (0, 0)
            guard let header = try readHeader() else {
                guard overrides.isEmpty else { throw endsTooEarly }
                return nil
            }
            switch header.type {
            case UInt8(ascii: "x"):
                try overrides.records.merge(readRecords(header)) { _, new in new }
            case UInt8(ascii: "g"):
                try globals.merge(readRecords(header)) { _, new in new }
            case UInt8(ascii: "L"): overrides.longName = try readText(header)
            case UInt8(ascii: "K"): overrides.longLink = try readText(header)
            default:
                overrides.records.merge(globals) { own, _ in own }
                return try begin(header, overrides)
            }
        }
    }

    /// The values that extension headers give for the member that follows them.
    struct Overrides {
        var records: [String: [UInt8]] = [:]
        var longName: [UInt8]?
        var longLink: [UInt8]?
        fileprivate var isEmpty: Bool { records.isEmpty && longName == nil && longLink == nil }
    }

    /// The offset of the current member's content from the start of the tar in bytes, until some of the content has
    /// been read.
    var contentOffset: Int64 { stream.position }

    /// Passes the current member's content to `use` in pieces.
    mutating func readContent(
        _ use: (UnsafeRawBufferPointer) throws(LayerArchiveError) -> Void
    ) throws(LayerArchiveError) {
        while remaining > 0 {
            let count = try stream.next(atMost: remaining) { bytes throws(LayerArchiveError) in
                try use(bytes)
                return Int64(bytes.count)
            }
            guard let count else { throw endsTooEarly }
            remaining -= count
        }
    }

    /// Returns the current member's content, which may have at most `heldSize` bytes.
    mutating func readHeldContent() throws(LayerArchiveError) -> [UInt8] {
        guard remaining <= limits.heldSize else {
            throw LayerArchiveError(
                .tooLarge,
                "cannot read \(stream.subject): a member of \(remaining) bytes exceeds the \(limits.heldSize) bytes that may be held in memory"
            )
        }
        var held: [UInt8] = []
        held.reserveCapacity(Int(remaining))
        try readContent { held.append(contentsOf: $0) }
        return held
    }

    /// Reads the rest and returns the size of the whole tar and, for a stream that hashes, its SHA-256 digest.
    mutating func finish() throws(LayerArchiveError) -> (digest: Digest, size: Int64) {
        let digest = try stream.finishDigest()
        return (digest, stream.decodedSize)
    }

    private mutating func begin(
        _ header: TarMember.Header, _ overrides: Overrides
    ) throws(LayerArchiveError) -> TarMember {
        memberCount += 1
        guard memberCount <= limits.members else {
            throw LayerArchiveError(
                .tooLarge, "cannot read \(stream.subject): it has more than \(limits.members) members")
        }
        let member: TarMember
        do throws(TarMember.Malformed) { member = try TarMember(header, overrides) } catch {
            throw corrupt(error.reason)
        }
        guard member.size <= limits.memberSize else {
            throw LayerArchiveError(
                .tooLarge,
                "cannot read \(stream.subject): its member '\(member.shownPath)' has \(member.size) bytes, more than \(limits.memberSize)"
            )
        }
        setContent(member.size)
        return member
    }

    private mutating func setContent(_ size: Int64) {
        (remaining, padding) = (size, Int64(TarHeader.padding(after: size)))
    }

    private mutating func readRecords(_ header: TarMember.Header) throws(LayerArchiveError) -> [String: [UInt8]] {
        let bytes = try readExtension(header)
        do throws(TarMember.Malformed) { return try TarMember.records(bytes) } catch { throw corrupt(error.reason) }
    }

    private mutating func readText(_ header: TarMember.Header) throws(LayerArchiveError) -> [UInt8] {
        Array(try readExtension(header).prefix { $0 != 0 })
    }

    private mutating func readExtension(_ header: TarMember.Header) throws(LayerArchiveError) -> [UInt8] {
        guard header.size <= min(1 << 20, limits.heldSize) else {
            throw LayerArchiveError(
                .tooLarge, "cannot read \(stream.subject): an extension header has \(header.size) bytes")
        }
        setContent(header.size)
        return try readHeldContent()
    }

    private mutating func readHeader() throws(LayerArchiveError) -> TarMember.Header? {
        guard let block = try readBlock() else { return nil }
        if block.allSatisfy({ $0 == 0 }) {
            guard let second = try readBlock() else { return nil }
            guard second.allSatisfy({ $0 == 0 }) else { throw corrupt("a single zero block lies between its members") }
            return nil
        }
        do throws(TarMember.Malformed) { return try TarMember.Header(block) } catch { throw corrupt(error.reason) }
    }

    /// Returns the next block, or `nil` if the file ends before it.
    private mutating func readBlock() throws(LayerArchiveError) -> [UInt8]? {
        var block: [UInt8] = []
        block.reserveCapacity(TarHeader.blockSize)
        while block.count < TarHeader.blockSize {
            let missing = Int64(TarHeader.blockSize - block.count)
            guard try stream.next(atMost: missing, { block.append(contentsOf: $0) }) != nil else {
                guard block.isEmpty else { throw endsTooEarly }
                return nil
            }
        }
        return block
    }

    /// Returns whether there was so much to skip.
    private mutating func skip(_ count: Int64) throws(LayerArchiveError) -> Bool {
        var left = count
        while left > 0 {
            guard let skipped = try stream.next(atMost: left, { Int64($0.count) }) else { return false }
            left -= skipped
        }
        return true
    }

    private var endsTooEarly: LayerArchiveError { corrupt("it ends too early") }

    private func corrupt(_ reason: String) -> LayerArchiveError {
        LayerArchiveError(
            .corrupt, "cannot read \(stream.subject): \(reason)",
            hint: LayerArchiveError.damageHint)
    }
}
