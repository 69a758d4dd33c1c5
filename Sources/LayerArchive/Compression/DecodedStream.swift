import CArchive
import OCIModel
import SystemPackage

/// A stream of the decompressed bytes of a part of a file, delivered in pieces.
///
/// libarchive does the decoding and nothing else: it never sees names, because how it handles them depends on the
/// process's locale.
struct DecodedStream: ~Copyable {
    enum Filter: Hashable, CaseIterable { case gzip, bzip2, xz, lzma, zstd }

    /// The name of the input in messages: `data.tar.xz of etcd.deb`.
    let subject: String
    private(set) var decodedSize: Int64 = 0
    /// The number of decoded bytes handed out so far.
    var position: Int64 { decodedSize - Int64(chunk.count) }
    private let archive: Handle
    private let limit: Int64
    private let isCancelled: @Sendable () -> Bool
    private var chunk = UnsafeRawBufferPointer(start: nil, count: 0)
    private var hasher = SHA256Hasher()
    private let isHashing: Bool

    /// Creates a stream that recognises only the compressions in `filters` and passes other bytes through unchanged.
    ///
    /// `limit` is the largest number of decompressed bytes accepted.
    init(
        _ input: FileRange, subject: String, filters: Set<Filter>, limit: Int64, hashing: Bool = false,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) {
        archive = try Handle.opening(input, subject: subject, filters: filters)
        self.subject = subject
        self.limit = limit
        self.isCancelled = isCancelled
        isHashing = hashing
    }

    /// Passes up to `count` of the next bytes to `use`; they are valid only inside it.
    ///
    /// - Returns: The result of `use`, or `nil` at the end of the stream.
    mutating func next<Result>(
        atMost count: Int64, _ use: (UnsafeRawBufferPointer) throws(LayerArchiveError) -> Result
    ) throws(LayerArchiveError) -> Result? {
        if chunk.isEmpty {
            guard try decode() else { return nil }
        }
        let part = Int(min(count, Int64(chunk.count)))
        let bytes = UnsafeRawBufferPointer(rebasing: chunk[..<part])
        chunk = UnsafeRawBufferPointer(rebasing: chunk[part...])
        return try use(bytes)
    }

    /// Decodes what is left and returns the SHA-256 digest of all decoded bytes.
    mutating func finishDigest() throws(LayerArchiveError) -> Digest {
        while try next(atMost: .max, { _ in }) != nil {}
        return hasher.finish()
    }

    private mutating func decode() throws(LayerArchiveError) -> Bool {
        if isCancelled() { throw LayerArchiveError(.cancelled, "cannot finish reading \(subject): cancelled") }
        if archive.isEmpty { return false }
        var start: UnsafeRawPointer?
        var count = 0
        var offset: Int64 = 0
        repeat {
            let code = archive_read_data_block(archive.pointer, &start, &count, &offset)
            if code == ARCHIVE_EOF { return false }
            try archive.check(code)
        } while count == 0
        guard Int64(count) <= limit - decodedSize else {
            throw LayerArchiveError(
                .tooLarge, "cannot read \(subject): it decompresses to more than \(limit) bytes",
                hint: "this looks like a decompression bomb")
        }
        decodedSize += Int64(count)
        chunk = UnsafeRawBufferPointer(start: start, count: count)
        if isHashing { hasher.update(chunk) }
        return true
    }
}

extension DecodedStream {
    /// libarchive's state, which is freed exactly once, and the input that its callback reads.
    private struct Handle: ~Copyable {
        let pointer: OpaquePointer
        /// Whether there is nothing to decode, which libarchive must not be asked for.
        private(set) var isEmpty = false
        private let input: FileRange
        private let subject: String

        private init(_ pointer: OpaquePointer, _ input: FileRange, _ subject: String) {
            (self.pointer, self.input, self.subject) = (pointer, input, subject)
        }

        static func opening(
            _ input: FileRange, subject: String, filters: Set<Filter>
        ) throws(LayerArchiveError) -> Handle {
            guard let pointer = archive_read_new() else {
                throw LayerArchiveError(.inputOutput, "cannot read \(subject): out of memory")
            }
            var handle = Handle(pointer, input, subject)
            try handle.open(filters)
            return handle
        }

        deinit { archive_read_free(pointer) }

        private mutating func open(_ filters: Set<Filter>) throws(LayerArchiveError) {
            for filter in filters { try check(filter.support(pointer)) }
            try check(archive_read_support_format_raw(pointer))
            try check(archive_read_support_format_empty(pointer))
            let context = Unmanaged.passUnretained(input).toOpaque()
            try check(archive_read_open2(pointer, context, nil, readRange, nil, nil))
            var entry: OpaquePointer?
            let code = archive_read_next_header(pointer, &entry)
            isEmpty = code == ARCHIVE_EOF
            if !isEmpty { try check(code) }
        }

        /// Throws unless the call succeeded. Warnings count as failures, because whatever libarchive skips is damage.
        func check(_ code: Int32) throws(LayerArchiveError) {
            guard code != ARCHIVE_OK else { return }
            if let error = input.failure { throw error }
            let reason = archive_error_string(pointer).map { String(cString: $0) } ?? ""
            throw LayerArchiveError(
                .corrupt,
                // The library's words about itself would tell nobody anything.
                "cannot read \(subject): \(reason.isEmpty || reason.contains("INTERNAL ERROR") ? "it is damaged" : reason)",
                hint: LayerArchiveError.damageHint)
        }
    }
}

extension DecodedStream.Filter {
    fileprivate func support(_ handle: OpaquePointer) -> Int32 {
        switch self {
        case .gzip: archive_read_support_filter_gzip(handle)
        case .bzip2: archive_read_support_filter_bzip2(handle)
        case .xz: archive_read_support_filter_xz(handle)
        case .lzma: archive_read_support_filter_lzma(handle)
        case .zstd: archive_read_support_filter_zstd(handle)
        }
    }
}

private let readRange:
    @convention(c) (
        OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeRawPointer?>?
    ) -> Int = { _, context, start in
        guard let context, let bytes = Unmanaged<FileRange>.fromOpaque(context).takeUnretainedValue().read() else {
            return -1
        }
        start?.pointee = bytes.baseAddress
        return bytes.count
    }
