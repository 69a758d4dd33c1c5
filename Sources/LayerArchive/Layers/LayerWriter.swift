import Dispatch
package import OCIModel
package import SystemPackage

/// The digests and sizes of a layer whose bytes have been written to a file descriptor.
package struct WrittenLayer: Hashable, Sendable {
    package let diffID: DiffID
    package let digest: Digest
    /// The compressed size in bytes.
    package let size: Int64
    /// The size of the tar in bytes.
    package let uncompressedSize: Int64
}

/// Writes file trees as compressed layers in one pass: file tree → tar → DiffID → compressed blocks → digest →
/// descriptor.
package enum LayerWriter {
    /// Writes the layer at the descriptor's position.
    ///
    /// Blocks until the layer is written. Memory stays below 64 MiB whatever the layer's size, and the bytes depend
    /// only on the tree and the codec.
    ///
    /// - Parameters:
    ///   - tree: The layer's entries; parents that a lower layer has may be missing.
    ///   - codec: The compressor and its block size.
    ///   - threads: The number of blocks compressed at once; fewer if memory or the number of cores limits them.
    ///   - output: The descriptor that receives the compressed layer, from its current position on.
    ///   - isCancelled: Called once for each block; if it returns `true`, the write stops.
    /// - Returns: The digests and sizes of what was written.
    /// - Throws: `LayerArchiveError` with the code `invalidTree` for a tree that a tar cannot hold, `inputOutput` for a
    ///   content file that is missing or too short or an output that cannot be written, or `cancelled`. What was
    ///   written by then stays.
    package static func write(
        _ tree: FileTree, codec: LayerCodec, threads: Int, to output: FileDescriptor,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> WrittenLayer {
        let workers = workerCount(threads, codec)
        let pipeline = LayerPipeline(
            try TarStream(tree), codec: codec, blocks: workers + 2, output: output, isCancelled: isCancelled)
        if workers == 1 {
            pipeline.work()
        } else {
            DispatchQueue.concurrentPerform(iterations: workers) { _ in pipeline.work() }
        }
        return try pipeline.finish()
    }

    private static func workerCount(_ threads: Int, _ codec: LayerCodec) -> Int {
        let budget = 56 << 20
        // A worker holds a compressor, a block and its output; two more blocks wait for their turn to be written.
        let block = codec.blockSize + BlockCompressor.bound(codec)
        let worker = block + (codec.compression == .zstd ? 4 * codec.blockSize : 2 << 20)
        return max(1, min(threads, (budget - 2 * block) / worker))
    }
}
