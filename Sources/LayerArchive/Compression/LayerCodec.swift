import CDeflate
import CZstd
package import OCIModel

/// The compressor, its version and its settings, which together determine a layer's compressed bytes. They are part of
/// the layer's digest, so a lock names them.
///
/// A layer is cut into blocks of `blockSize` bytes, and each block becomes a gzip member or a zstd frame of its own.
/// The blocks, and therefore the bytes, do not depend on how many threads compress them.
package struct LayerCodec: Hashable, Sendable, CustomStringConvertible {
    package enum Compression: String, Hashable, Sendable, CaseIterable { case gzip, zstd }

    package let compression: Compression
    package let level: Int
    /// The size in bytes of each block of the tar; the last block may be shorter.
    package let blockSize: Int

    /// Returns the codec that new locks name.
    ///
    /// Measured on a tar of 134 MB with three pairs of etcd and etcdctl on 2 cores, with blocks of 1 MiB (CPU seconds
    /// of the whole write, compressed size):
    /// libdeflate 1: 0.86, 52.0 MB; 2: 1.02, 50.1; 3: 1.11, 49.6; 4: 1.15, 49.3; 5: 1.31, 48.3; 6: 1.55, 48.0.
    /// Level 4 is the highest level that stays below three quarters of umoci's time with room to spare, and its output
    /// is below three quarters of umoci's size.
    /// zstd 1: 0.39, 52.0; 2: 0.54, 49.6; 3: 0.56, 48.1; 4: 1.09, 47.9: the step beyond level 3 doubles the time.
    /// Blocks of 256 KiB cost 0.4 % in size; blocks of 4 MiB save 0.1 % (zstd 0.9 %) for four times the memory.
    package static func standard(_ compression: Compression) -> LayerCodec {
        switch compression {
        case .gzip: LayerCodec(compression, level: 4, blockSize: 1 << 20)
        case .zstd: LayerCodec(compression, level: 3, blockSize: 1 << 20)
        }
    }

    /// The codec of archives that are made once and downloaded often: gzip's usual form, as small as is cheap.
    package static let releaseArchive = LayerCodec(.gzip, level: 9, blockSize: 1 << 20)

    init(_ compression: Compression, level: Int, blockSize: Int) {
        self.compression = compression
        self.level = level
        self.blockSize = blockSize
    }

    /// The codec's name as a lock holds it: `gzip/libdeflate-1.14/6/1MiB`.
    package var name: String {
        let mebibytes = blockSize % (1 << 20) == 0
        let size = mebibytes ? "\(blockSize >> 20)MiB" : "\(blockSize >> 10)KiB"
        return "\(compression.rawValue)/\(compression.library)/\(level)/\(size)"
    }

    package var description: String { name }

    package var mediaType: MediaType {
        switch compression {
        case .gzip: .layerGzip
        case .zstd: .layerZstd
        }
    }
}

extension LayerCodec.Compression {
    /// The name and version of the library that this build of the tool carries: libdeflate's as compiled against, since
    /// it cannot be asked at run time, and zstd's as loaded.
    var library: String {
        switch self {
        case .gzip: "libdeflate-\(LIBDEFLATE_VERSION_STRING)"
        case .zstd: "libzstd-\(String(cString: ZSTD_versionString()))"
        }
    }

    /// The levels that need only a few MiB of memory for each thread.
    var levels: ClosedRange<Int> {
        switch self {
        case .gzip: 1...12
        case .zstd: 1...9
        }
    }
}

extension LayerCodec {
    /// Creates the codec from the name that a lock holds.
    ///
    /// - Throws: `LayerArchiveError` with the code `codec` if this build of the tool carries another version of the
    ///   library, and would therefore give other bytes, or if the name is not that of a codec.
    package init(name: String) throws(LayerArchiveError) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let compression = Compression(rawValue: parts[0]), let level = Int(parts[2]),
            compression.levels.contains(level), let blockSize = Self.blockSize(parts[3])
        else {
            throw LayerArchiveError(
                .codec, "cannot use the layer codec '\(name)': this tool does not know it",
                hint: "a codec looks like '\(LayerCodec.standard(.gzip).name)'; lock the image again")
        }
        guard parts[1] == compression.library else {
            throw LayerArchiveError(
                .codec,
                "cannot use the layer codec '\(name)': this tool carries \(compression.library), not \(parts[1]), and would give other bytes",
                hint:
                    "use a build of the tool with \(parts[1]), or lock the image again (its layers' digests will change)"
            )
        }
        self.init(compression, level: level, blockSize: blockSize)
        guard self.name == name else {
            throw LayerArchiveError(
                .codec, "cannot use the layer codec '\(name)': its canonical form is '\(self.name)'",
                hint: "lock the image again")
        }
    }

    private static func blockSize(_ text: String) -> Int? {
        for (unit, shift) in [("KiB", 10), ("MiB", 20)] where text.hasSuffix(unit) {
            guard let count = Int(text.dropLast(unit.count)), (1...4096).contains(count) else { return nil }
            let size = count << shift
            return (64 << 10...4 << 20).contains(size) ? size : nil
        }
        return nil
    }
}
