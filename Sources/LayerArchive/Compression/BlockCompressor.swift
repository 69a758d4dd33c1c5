import CDeflate
import CZstd

/// A compressor that one thread uses to turn each block into a complete gzip member or zstd frame.
struct BlockCompressor: ~Copyable {
    private enum Handle {
        case gzip(OpaquePointer)
        case zstd(OpaquePointer)
    }

    private let handle: Handle

    init(_ codec: LayerCodec) throws(LayerArchiveError) { handle = try Self.open(codec) }

    private static func open(_ codec: LayerCodec) throws(LayerArchiveError) -> Handle {
        let level = Int32(codec.level)
        switch codec.compression {
        case .gzip:
            guard let compressor = libdeflate_alloc_compressor(level) else { throw outOfMemory }
            return .gzip(compressor)
        case .zstd:
            guard let context = ZSTD_createCCtx() else { throw outOfMemory }
            guard ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) == 0 else {
                ZSTD_freeCCtx(context)
                throw LayerArchiveError(.codec, "cannot set zstd's level to \(level)")
            }
            return .zstd(context)
        }
    }

    deinit {
        switch handle {
        case .gzip(let compressor): libdeflate_free_compressor(compressor)
        case .zstd(let context): ZSTD_freeCCtx(context)
        }
    }

    /// Returns the largest number of bytes that a compressed block can need.
    static func bound(_ codec: LayerCodec) -> Int {
        switch codec.compression {
        case .gzip: libdeflate_gzip_compress_bound(nil, codec.blockSize)
        case .zstd: ZSTD_compressBound(codec.blockSize)
        }
    }

    /// Compresses a block into a buffer of at least `bound` bytes; the same input gives the same bytes, whatever was
    /// compressed before.
    ///
    /// libdeflate writes a header without a name, with the time 0 and the operating system "unknown" (255): RFC 1952,
    /// 2.3.
    ///
    /// - Returns: The number of bytes written to `output`.
    func compress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(LayerArchiveError) -> Int {
        switch handle {
        case .gzip(let compressor):
            let count = libdeflate_gzip_compress(
                compressor, input.baseAddress, input.count, output.baseAddress, output.count)
            guard count > 0 else { throw LayerArchiveError(.codec, "libdeflate could not compress a block") }
            return count
        case .zstd(let context):
            let count = ZSTD_compress2(context, output.baseAddress, output.count, input.baseAddress, input.count)
            guard ZSTD_isError(count) == 0 else {
                throw LayerArchiveError(
                    .codec, "zstd could not compress a block: \(String(cString: ZSTD_getErrorName(count)))")
            }
            return count
        }
    }

    private static var outOfMemory: LayerArchiveError {
        LayerArchiveError(.codec, "cannot set up the compressor: out of memory")
    }
}
