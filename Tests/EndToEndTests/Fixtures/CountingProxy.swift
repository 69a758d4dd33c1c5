import Foundation
import TestSupport
import Testing

/// Stands before a registry on loopback and counts the bytes of bodies that went to it, of requests that broke too.
struct CountingProxy: Sendable {
    private let program: Program

    /// `host:port`
    let address: String

    struct Upload {
        var method: Substring
        var path: Substring
        var bytes: Int64
    }

    /// The requests with a body, in the order in which their bodies ended.
    var uploads: [Upload] {
        program.outputSoFar.split(separator: "\n").dropFirst().compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3, let bytes = Int64(words[2]), bytes > 0 else { return nil }
            return Upload(method: words[0], path: words[1], bytes: bytes)
        }
    }

    static func serving(
        _ registry: ServedRegistry, _ fixture: CommandLineFixture, _ body: (CountingProxy) async throws -> Void
    ) async throws {
        let program = try Program(["python3", "-u", "-c", script, registry.port], in: fixture.setting)
        let result: Result<Void, any Error>
        do {
            let address = try await program.firstLine()
            result = .success(try await body(CountingProxy(program: program, address: address)))
        } catch { result = .failure(error) }
        program.signal(SIGKILL)
        _ = try await program.ended()
        try result.get()
    }

    private static let script = """
        import socket, sys, threading
        def end(*sockets):
            for one in sockets:
                try: one.shutdown(socket.SHUT_RDWR)
                except OSError: pass
        def answer(server, client):
            try:
                while data := server.recv(1 << 18): client.sendall(data)
            except OSError: pass
            end(server, client)
        def relay(requests, server):
            head = []
            while (line := requests.readline()) not in (b"\\r\\n", b""): head.append(line)
            if not head: return False
            server.sendall(b"".join(head) + b"\\r\\n")
            fields = [line.lower().split(b":", 1) for line in head[1:]]
            left = total = next((int(value) for name, value in fields if name == b"content-length"), 0)
            try:
                while left and (piece := requests.read1(min(left, 1 << 18))):
                    left -= len(piece)
                    server.sendall(piece)
            finally: print(*head[0].decode().split()[:2], total - left)
            return left == 0
        def serve(client):
            server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            threading.Thread(target=answer, args=(server, client), daemon=True).start()
            requests = client.makefile("rb")
            try:
                while relay(requests, server): pass
            except OSError: pass
            end(server, client)
        listener = socket.create_server(("127.0.0.1", 0))
        print(f"127.0.0.1:{listener.getsockname()[1]}")
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """
}
