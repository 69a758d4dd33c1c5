import Dispatch
import OCIModel
import Synchronization
import SystemPackage

/// The state shared by the workers that write a layer.
///
/// Every worker does all steps: it fills the next block when its turn comes, compresses it independently, and writes
/// the blocks that are next in order. No worker waits for a particular other one.
final class LayerPipeline: Sendable {
    private struct Source: ~Copyable {
        var tar: TarStream
        var hasher = SHA256Hasher()
        var size: Int64 = 0
        var nextNumber = 0
        var isEnded = false
    }

    private struct Sink {
        var hasher = SHA256Hasher()
        var size: Int64 = 0
        var nextNumber = 0
        /// Compressed blocks whose predecessors have not been written yet, by number.
        var waiting: [Int: LayerBlock] = [:]
    }

    private let codec: LayerCodec
    private let output: FileDescriptor
    private let isCancelled: @Sendable () -> Bool
    private let source: Mutex<Source>
    private let sink = Mutex(Sink())
    private let failure = Mutex<LayerArchiveError?>(nil)
    private let free: Mutex<[LayerBlock]>
    /// Counts the free blocks, which limits the memory.
    private let available = DispatchSemaphore(value: 0)

    init(
        _ tar: consuming sending TarStream, codec: LayerCodec, blocks: Int, output: FileDescriptor,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.codec = codec
        self.output = output
        self.isCancelled = isCancelled
        source = Mutex(Source(tar: tar))
        free = Mutex((0..<blocks).map { _ in LayerBlock(codec) })
        for _ in 0..<blocks { available.signal() }
    }

    /// Does one worker's share; returns when this worker has nothing left to write or has failed.
    func work() {
        do throws(LayerArchiveError) {
            let compressor = try BlockCompressor(codec)
            while let block = try takeBlock() {
                block.outputCount = try compressor.compress(block.filled, into: block.output)
                try commit(block)
            }
        } catch {
            failure.withLock { $0 = $0 ?? error }
        }
        // A worker that waits for a block wakes up, sees the end or the failure, and wakes the next one.
        available.signal()
    }

    /// Returns the digests and sizes of the written layer, or throws the first failure.
    func finish() throws(LayerArchiveError) -> WrittenLayer {
        if let error = failure.withLock({ $0 }) { throw error }
        let (diffID, uncompressedSize) = source.withLock { (DiffID($0.hasher.finish()), $0.size) }
        return sink.withLock {
            WrittenLayer(diffID: diffID, digest: $0.hasher.finish(), size: $0.size, uncompressedSize: uncompressedSize)
        }
    }

    /// Fills and numbers the next block; returns `nil` at the end or if another worker has failed.
    private func takeBlock() throws(LayerArchiveError) -> LayerBlock? {
        available.wait()
        if isCancelled() { throw LayerArchiveError(.cancelled, "cannot finish the layer: cancelled") }
        guard failure.withLock({ $0 == nil }), let block = free.withLock({ $0.popLast() }) else { return nil }
        return try source.withLock { source throws(LayerArchiveError) -> LayerBlock? in
            guard !source.isEnded else { return nil }
            block.inputCount = try source.tar.fill(block.input)
            source.isEnded = block.inputCount < block.input.count
            guard block.inputCount > 0 else { return nil }
            source.hasher.update(block.filled)
            source.size += Int64(block.inputCount)
            block.number = source.nextNumber
            source.nextNumber += 1
            return block
        }
    }

    /// Writes the block, and those that waited for it, once all blocks before them are written.
    private func commit(_ block: LayerBlock) throws(LayerArchiveError) {
        let written = try sink.withLock { sink throws(LayerArchiveError) -> [LayerBlock] in
            sink.waiting[block.number] = block
            var written: [LayerBlock] = []
            while let next = sink.waiting.removeValue(forKey: sink.nextNumber) {
                sink.hasher.update(next.compressed)
                try output.writeFully(next.compressed, doing: "write the layer")
                sink.size += Int64(next.outputCount)
                sink.nextNumber += 1
                written.append(next)
            }
            return written
        }
        free.withLock { $0 += written }
        for _ in written { available.signal() }
    }
}

/// A block of the tar, with room for its compressed form.
///
/// `@unchecked`: exactly one of the free list, a worker, and the list of blocks waiting to be written holds a block at
/// any time. A lock guards each of the two lists, so one holder's accesses are ordered before the next holder's.
final class LayerBlock: @unchecked Sendable {
    let input: UnsafeMutableRawBufferPointer
    let output: UnsafeMutableRawBufferPointer
    var inputCount = 0
    var outputCount = 0
    var number = 0

    init(_ codec: LayerCodec) {
        input = .allocate(byteCount: codec.blockSize, alignment: 64)
        output = .allocate(byteCount: BlockCompressor.bound(codec), alignment: 64)
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    var filled: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: input[..<inputCount]) }
    var compressed: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: output[..<outputCount]) }
}
