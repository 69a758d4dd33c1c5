import Executables
import LayerArchive

/// A file's content in the form in which executables are read.
struct ReadableContent: RandomAccessBytes {
    let content: FileContent
    let reader: ContentReader

    var size: Int64 { content.size }

    func read(at offset: Int64, count: Int) throws -> [UInt8] { try reader.read(content, at: offset, count: count) }
}
