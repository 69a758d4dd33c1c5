import Dispatch
package import OCIModel
package import SystemPackage

/// A layer that is written: its bytes lie in the descriptor it was written to.
package struct WrittenLayer: Hashable, Sendable {
    package let diffID: DiffID
    package let digest: Digest
    /// Bytes, compressed.
    package let size: Int64
    /// Bytes of the tar.
    package let uncompressedSize: Int64
}

/// File tree → tar → DiffID → compressed blocks → digest → descriptor, in one pass.
package enum LayerWriter {
    /// Writes the layer at the descriptor's position. Blocks until done; memory stays below 64 MiB whatever the layer's
    /// size, and the bytes depend on the tree and the codec alone.
    ///
    /// - Parameters:
    ///   - tree: the layer's entries; parents that a lower layer has may be missing.
    ///   - codec: compressor and block size.
    ///   - threads: how many blocks are compressed at once; fewer where memory or the machine's cores set a limit.
    ///   - output: where the compressed layer goes, from the current position on.
    ///   - isCancelled: asked once for each block.
    /// - Returns: digests and sizes of what was written.
    /// - Throws: `LayerArchiveError`: `invalidTree` for a tree that a tar cannot hold, `inputOutput` for a content file
    ///   that is missing or short, or an output that cannot be written, `cancelled`. What was written by then stays.
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
        // A worker has a compressor, a block and its output; two more blocks wait for their turn to be written.
        let block = codec.blockSize + BlockCompressor.bound(codec)
        let worker = block + (codec.compression == .zstd ? 4 * codec.blockSize : 2 << 20)
        return max(1, min(threads, (budget - 2 * block) / worker))
    }
}
