import Foundation
import HTTPTransfer
import NIOHTTP1
import OCIRegistry
import StubHTTP
import Synchronization
import SystemPackage
import Testing

/// Tests of bodies that are sent from a file to the network without being read by this process.
@Suite struct TransportFileTests {
    private static let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    private static let range: Range<Int64> = 1000..<2_500_001
    private static let part = Array(content[1000..<2_500_001])

    /// The offsets that were reported.
    private final class Heard: Sendable {
        private let state = Mutex<[Int64]>([])
        var offsets: [Int64] { state.withLock { $0 } }
        func hear(_ offset: Int64) { state.withLock { $0.append(offset) } }
    }

    /// Runs `body` with a request that puts a part of a file, of `Self.content` or of this many zeros.
    private func putting<Result>(
        zeros: Int64? = nil, _ heard: Heard = Heard(), _ body: (RegistryRequest) async throws -> Result
    ) async throws -> Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "imagebuild-test-\(UUID())").path
        #expect(FileManager.default.createFile(atPath: path, contents: zeros == nil ? Data(Self.content) : nil))
        defer { try? FileManager.default.removeItem(atPath: path) }
        if let zeros { try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: UInt64(zeros)) }
        let range = zeros.map { 0..<$0 } ?? Self.range
        var request = RegistryRequest(.PUT, .path("/v2/a/blobs/uploads/1"), scopes: [], accepted: [201])
        request.isRepeatable = false
        let file = FilePart(FilePath(path), range, moved: heard.hear)
        request.body = .stream(length: range.upperBound - range.lowerBound, file: file) {
            Issue.record("the file was read")
            throw CancellationError()
        }
        return try await body(request)
    }

    @Test func `a part of a file arrives unchanged, and every piece is reported as it is sent`() async throws {
        let heard = Heard()
        try await StubServer.serving { _, _ in
            .reply(201)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let status = try await putting(heard) { try await connection.status($0) }
                #expect(status == 201)
            }
            #expect(server.requests.map(\.body) == [Self.part])
            #expect(server.requests.first?.headers["content-length"] == "\(Self.part.count)")
        }
        #expect(heard.offsets.first == Self.range.lowerBound)
        #expect(heard.offsets.last == Self.range.upperBound)
        #expect(heard.offsets == heard.offsets.sorted())
        #expect(heard.offsets.count > 3)
    }

    @Test func `row 8: a refused file is sent again from its start`() async throws {
        let heard = Heard()
        try await StubServer.serving { _, index in
            index == 0 ? .reply(429, ["Retry-After": "1"]) : .reply(201)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let status = try await putting(heard) { try await connection.status($0) }
                #expect(status == 201)
            }
            #expect(server.requests.map(\.body) == [Self.part, Self.part])
        }
        #expect(heard.offsets.filter { $0 == Self.range.lowerBound }.count == 2)
    }

    @Test func `a refusal while a file is being sent is reported in the registry's words`() async throws {
        try await StubServer.serving { _, _ in
            .reply(413, ["Connection": "close"], Array(#"{"errors":[{"code":"SIZE_INVALID"}]}"#.utf8))
                + [.pause(.milliseconds(200)), .close]
        } early: { _ in
            true
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await putting(zeros: 400_000_000) { request in
                    try await refusal { try await connection.status(request) }
                }
                #expect(error.code == .tooLarge)
                #expect(error.message.contains("SIZE_INVALID"), "\(error.message)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a long answer to a file is read only as far as it is reported`() async throws {
        try await StubServer.serving { _, _ in
            let head = "HTTP/1.1 400 Bad Request\r\nContent-Length: 10000000\r\n\r\n"
            return [.send(Array(head.utf8) + [UInt8](repeating: 65, count: 200_000)), .pause(.seconds(300))]
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.idle = .seconds(300) }) {
                connection, _ in
                let error = try await putting { request in try await refusal { try await connection.status(request) } }
                #expect(error.status == 400)
            }
        }
    }

    @Test func `a connection that breaks while a file is sent is an interruption`() async throws {
        try await StubServer.serving { _, _ in
            [.pause(.milliseconds(100)), .reset]
        } early: { _ in
            true
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await putting(zeros: 400_000_000) { request in
                    try await refusal { try await connection.status(request) }
                }
                #expect(error.code == .interrupted)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `row 14: a server that stops reading a file is given up`() async throws {
        try await StubServer.serving { _, _ in
            [.pause(.seconds(300))]
        } early: { _ in
            true
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.idle = .milliseconds(500) }) {
                connection, _ in
                let error = try await putting(zeros: 4_000_000_000) { request in
                    try await refusal { try await connection.status(request) }
                }
                #expect(error.code == .interrupted)
                #expect(error.message.contains("the server stopped reading for 0.5 seconds"), "\(error.message)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a file that ends too early is given up like a server that does not read`() async throws {
        try await StubServer.serving { _, _ in
            .reply(201)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.idle = .milliseconds(500) }) {
                connection, _ in
                let error = try await putting(zeros: 1_000_000) { request in
                    guard case .stream(_, let file?, let open) = request.body else { throw CancellationError() }
                    var request = request
                    let longer = FilePart(file.path, 0..<9_000_000, moved: file.moved)
                    request.body = .stream(length: 9_000_000, file: longer, open: open)
                    return try await refusal { [request] in try await connection.status(request) }
                }
                #expect(error.code == .interrupted)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a cancelled request stops at once while a file is sent`() async throws {
        let heard = Heard()
        try await StubServer.serving { _, _ in
            [.pause(.seconds(300))]
        } early: { _ in
            true
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                try await putting(zeros: 4_000_000_000, heard) { request in
                    let sending = Task { try await connection.status(request) }
                    while heard.offsets.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
                    sending.cancel()
                    await #expect(throws: CancellationError.self) { try await sending.value }
                }
            }
        }
    }
}
