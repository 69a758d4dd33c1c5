import DurableFiles
import HTTPTransfer
import NIOCore

import struct SystemPackage.FileDescriptor
import struct SystemPackage.FilePath

/// A file as the body of a request, in pieces that are read when the connection has taken the last one.
struct FilePieces: AsyncSequence, Sendable {
    private let path: FilePath
    private let clients: HTTPClients
    private static let size = 512 << 10

    init(_ path: FilePath, _ clients: HTTPClients) { (self.path, self.clients) = (path, clients) }

    func makeAsyncIterator() -> Iterator { Iterator(path: path, clients: clients) }

    /// Reads one piece after the other; the file is closed at its end, or with its last user.
    struct Iterator: AsyncIteratorProtocol {
        let path: FilePath
        let clients: HTTPClients
        private var file: OpenedFile?

        init(path: FilePath, clients: HTTPClients) { (self.path, self.clients) = (path, clients) }

        mutating func next() async throws -> ByteBuffer? {
            try await clients.settle()
            let opened = try file ?? OpenedFile(path)
            file = opened
            let bytes = try [UInt8](unsafeUninitializedCapacity: FilePieces.size) { buffer, count in
                count = try opened.descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            return bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
        }
    }

    private final class OpenedFile: Sendable {
        let descriptor: FileDescriptor

        init(_ path: FilePath) throws { descriptor = try FileSystem.open(path, .readOnly, "cannot read \(path)") }
        deinit { try? descriptor.close() }
    }
}
